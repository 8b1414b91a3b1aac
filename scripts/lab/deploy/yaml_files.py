"""YAML and JSON files as Kubernetes reads them, with the line of each field. Pure.

kubectl reads by sigs.k8s.io/yaml: YAML 1.1, but dates are text and there are no numbers of base 60.
https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/goyaml.v2/resolve.go
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from lab.errors import BadInput

_INT = r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+|0|[1-9][0-9_]*)"
_SCALARS = {
    "bool": ("y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF", "yYnNtTfFoO"),
    "null": ("|~|null|Null|NULL", ["", "~", "n", "N"]),
    "int": (_INT, "-+0123456789"),
    "float": (r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    "merge": ("<<", "<"),
}
"""Each type of plain scalar: its pattern, and the characters that it may begin with; the first that matches holds."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MERGE = "tag:yaml.org,2002:merge"

_GLUED = re.compile(r"\s*(- )?\w+:[^\s/\d]\S*$|\s*-\w+:|.*\u00a0")
"""A key without a blank after its colon, a dash without one, a no-break space."""
_ADVICE = {
    "tab": "indent with spaces: YAML takes no tabs",
    "mapping values are not allowed": "is it indented as its neighbours are? Quote text that has a colon",
    "cannot start any token": "quote text that begins with one of @ ` % or a tab",
    "undefined alias": "quote text that begins with *",
    "scanning a quoted scalar": "a quote is not closed",
    "control characters": "is it a text file?",
}


@dataclass(frozen=True)
class Field:
    """Where a field stands, and its value as it is written where it is no list or mapping."""

    line: int
    text: str = ""


@dataclass(frozen=True)
class Document:
    """One document of a file; ``fields`` by their path as the API server writes it, such as ``spec.containers[0]``."""

    value: Any
    fields: Mapping[str, Field]


def join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def documents(source: str, data: bytes) -> Iterator[Document]:
    """Read the documents of a file, empty ones left out; raises BadInput with file and line."""
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    if not data.startswith(_UTF_16):
        data = data.decode("utf-8", "replace").encode()  # as kubectl does: a Latin-1 letter in a comment is no matter
    loader = _loader()(data)
    try:
        while loader.check_node():
            reading = _Reading(source, loader)
            value = reading.value(loader.get_node(), "")
            if value is not None:
                yield Document(value, reading.fields)
    except yaml.MarkedYAMLError as error:
        problem = f"{error.context or ''} {error.problem or ''}"
        mark = error.context_mark if "end of stream" in problem else error.problem_mark
        raise _no_yaml(source, mark.line + 1 if mark else 1, problem.strip(), data) from None
    except yaml.reader.ReaderError as error:
        raise _no_yaml(source, data[: error.position].count(b"\n") + 1, error.reason, data) from None
    finally:
        loader.dispose()


def _no_yaml(source: str, line: int, problem: str, data: bytes) -> BadInput:
    lines = data.decode(errors="replace").splitlines()
    has_tab = line <= len(lines) and lines[line - 1].startswith("\t")
    words = "tab" if has_tab else problem
    advice = next((advice for part, advice in _ADVICE.items() if part in words), "")
    odd = (number for number, text in enumerate(lines[:line], 1) if text.partition(" #")[0].count('"') % 2)
    glued = (number for number, text in enumerate(lines[:line], 1) if _GLUED.match(text))
    if number := next(glued, 0):
        advice = f"line {number} wants a blank: `name: value`, `- name`"
    elif "did not find expected" in problem and (number := next(odd, 0)):
        advice = f"is the quote in line {number} closed?"
    return BadInput(
        f"{source}, line {line} is no YAML: {problem}",
        advice or "is that line, or the one above, indented as its neighbours are?",
    )


@dataclass
class _Reading:
    """Makes values of nodes, and keeps where they stand."""

    source: str
    loader: Any
    fields: dict[str, Field] = field(default_factory=dict)
    parents: list[Any] = field(default_factory=list)

    def value(self, node: Any, path: str) -> Any:
        import yaml  # noqa: PLC0415 - not on the way to `lab --help`

        line = node.start_mark.line + 1
        self.fields.setdefault(path, Field(line, node.value if isinstance(node, yaml.ScalarNode) else ""))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if node in self.parents:
            raise BadInput(f"{self.source}, line {line}: {path} has an alias (*) of what it is itself part of")
        self.parents.append(node)
        value = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        self.parents.pop()
        return value

    def _scalar(self, node: Any) -> Any:
        try:
            value = self.loader.construct_object(node)
        except ValueError:
            line, kind = node.start_mark.line + 1, node.tag.rpartition(":")[2]
            raise BadInput(
                f"{self.source}, line {line}: {node.value!r} is no {kind}", "quote it if it is text"
            ) from None
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
            return int(value)  # JSON has one kind of number: 1e3 is 1000
        return value

    def _list(self, node: Any, path: str) -> list[Any]:
        return [self.value(entry, f"{path}[{index}]") for index, entry in enumerate(node.value)]

    def _mapping(self, node: Any, path: str) -> dict[str, Any]:
        self._unique(node, path)
        self.loader.flatten_mapping(node)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            self.fields.pop(join(path, key), None)  # of a mapping that was merged in
            text = value_node.value if isinstance(value_node.value, str) else ""
            self.fields[join(path, key)] = Field(key_node.start_mark.line + 1, text)
            result[key] = self.value(value_node, join(path, key))
        return result

    def _key(self, node: Any) -> str:
        """Return a key as JSON has it, where each is text: ``on`` is ``true``, as in Kubernetes."""
        if not isinstance(node.value, str):
            raise BadInput(
                f"{self.source}, line {node.start_mark.line + 1}: a key that is itself a list or mapping",
                "quote text that begins with { or [: a template's {{ }} is none of Kubernetes'",
            )
        if node.tag == _MERGE:
            return "<<"
        value = self._scalar(node)
        return str(value).lower() if isinstance(value, bool) else str(node.value if value is None else value)

    def _unique(self, node: Any, path: str) -> None:
        lines: dict[str, int] = {}
        for key_node, _ in node.value:
            key, line = self._key(key_node), key_node.start_mark.line + 1
            if key in lines:
                raise BadInput(
                    f"{self.source}, lines {lines[key]} and {line}: {join(path, key)} stands twice, one would be lost",
                    f"make one `{key}:` of both",
                )
            lines[key] = line


@cache
def _loader() -> Any:
    import yaml  # noqa: PLC0415 - not on the way to `lab --help`

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way

    for name, (pattern, first) in _SCALARS.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})$"), list(first))
    Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: _int(node.value))
    Loader.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value.lower() in {"y", "yes", "true", "on"})
    Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    return Loader


def _int(text: str) -> int:
    plain = text.replace("_", "").lower()
    is_octal = re.fullmatch("[-+]?0[0-7]+", plain)
    return int(plain, 8 if is_octal else 0)
