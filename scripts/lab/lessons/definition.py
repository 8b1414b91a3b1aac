"""What a lesson's folder declares, read strictly: an unknown key or a missing language is an error."""

from functools import cache
from pathlib import Path

import jmespath
import msgspec
import yaml
from jmespath.exceptions import JMESPathError

from lab.config import ROOT
from lab.errors import BadInput
from lab.experiments.texts import LANGUAGES, Language, Text
from lab.lessons import template
from lab.lessons.document import Document, parse

FOLDER = ROOT / "k8s" / "lessons"
NAMESPACE = "lesson-"
"""The namespace of a lesson is this and its id."""
_FEWEST_WRONG_FIXES = 2


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """One observation of a lesson: what is measured on the cluster at each check."""


class Http(Declared, frozen=True, tag="http"):
    """A GET of ``url``, in which ``{…}`` is JMESPath over the state, from a Pod of the lab's own."""

    url: str


class Forward(Declared, frozen=True, tag="forward"):
    """A GET through ``kubectl port-forward``: the request enters the Pod at its own localhost."""

    pod: str
    port: int
    path: str = "/"


class Log(Declared, frozen=True, tag="log"):
    """Every match of a regular expression in the logs of the Pods that the expression ``pods`` names."""

    match: str
    pods: str = "pods[].name"
    container: str = ""
    previous: bool = False


class Exec(Declared, frozen=True, tag="exec"):
    """A command in a container; ``pod`` and ``container`` are expressions."""

    pod: str
    container: str
    command: tuple[str, ...]


class Top(Declared, frozen=True, tag="top"):
    """What the metrics API knows of each Pod."""


Observation = Http | Forward | Log | Exec | Top


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence that is true when the expression ``holds``; ``shows`` says what was seen."""

    id: str
    sentence: Text
    holds: str
    shows: Text = Text("{pods[].summary}", "{pods[].summary}")


class Hint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps of help, from where to look to what to compare, for a condition that fails while ``when`` is true."""

    condition: str
    steps: tuple[Text, ...]
    when: str = "`true`"


class Prediction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    question: Text
    choices: tuple[Text, ...]
    right: int
    because: Text


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``lesson.yaml``."""

    title: Text
    minutes: int
    topics: tuple[str, ...]
    conditions: tuple[Condition, ...]
    hints: tuple[Hint, ...]
    observe: dict[str, Observation] = {}
    stable: float = 0
    predictions: tuple[Prediction, ...] = ()


class Lesson(msgspec.Struct, frozen=True):
    """A lesson; ``documents`` are its text by language, ``wrong`` its wrong fixes by name."""

    folder: Path
    number: int
    id: str
    declared: _File
    documents: dict[Language, Document]
    wrong: dict[str, Path]

    @property
    def namespace(self) -> str:
        return NAMESPACE + self.id

    @property
    def title(self) -> Text:
        return self.declared.title

    @property
    def stable(self) -> float:
        """Seconds that all conditions must hold at the same time."""
        return self.declared.stable

    @property
    def start(self) -> Path | None:
        return self._part("start")

    @property
    def files(self) -> Path | None:
        return self._part("files")

    @property
    def solution(self) -> Path | None:
        """The script of the solution; None where the text's own steps are it."""
        return self._part("solution.sh")

    def _part(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.exists() else None


@cache
def lessons(folder: Path = FOLDER) -> tuple[Lesson, ...]:
    """Read every lesson, by number; raises BadInput for the first that is not whole."""
    return tuple(read(path.parent) for path in sorted(folder.glob("*/lesson.yaml")))


def find(name: str) -> Lesson:
    """Find a lesson by its id, its number or its folder's name; raises BadInput with the names that there are."""
    for lesson in lessons():
        if name in {lesson.id, lesson.folder.name, str(lesson.number), f"{lesson.number:02}"}:
            return lesson
    known = ", ".join(f"{lesson.number} {lesson.id}" for lesson in lessons())
    raise BadInput(f"there is no lesson {name!r}", f"use one of: {known}")


def read(folder: Path) -> Lesson:
    """Read a lesson's folder; raises BadInput with the file and what is wrong in it."""
    number, _, name = folder.name.partition("-")
    if not (number.isdecimal() and name):
        raise BadInput(f"{folder.name} is no lesson's folder", "name it as `07-port-forward`: number, then id")
    try:
        declared = msgspec.convert(yaml.safe_load((folder / "lesson.yaml").read_text(encoding="utf-8")), type=_File)
        documents = {language: _document(folder, language, declared) for language in LANGUAGES}
        _check(declared, documents)
    except (msgspec.ValidationError, yaml.YAMLError, ValueError, OSError) as error:
        raise BadInput(f"lesson {folder.name}: {error}", "k8s/lessons/README.md says what a lesson has") from error
    wrong = {path.stem: path for path in sorted(folder.glob("wrong/*.sh"))}
    if len(wrong) < _FEWEST_WRONG_FIXES:
        raise BadInput(f"lesson {folder.name} has {len(wrong)} wrong fixes", "write two at least, as wrong/<name>.sh")
    return Lesson(folder, int(number), name, declared, documents, wrong)


def _document(folder: Path, language: Language, declared: _File) -> Document:
    document = parse((folder / f"text.{language}.md").read_text(encoding="utf-8"), language)
    if document.title != declared.title.of(language):
        raise ValueError(f"text.{language}.md has the title {document.title!r}, lesson.yaml another")
    return document


def _check(declared: _File, documents: dict[Language, Document]) -> None:
    """Raise ValueError where parts of a lesson contradict one another."""
    english, french = (documents[language].blocks for language in LANGUAGES)
    if english != french:
        differing = next(
            (pair for pair in zip(english, french, strict=False) if pair[0] != pair[1]), (len(english), len(french))
        )
        raise ValueError(f"the commands differ between the languages: {differing[0]} and {differing[1]}")
    ids = [condition.id for condition in declared.conditions]
    for hint in declared.hints:
        if hint.condition not in ids:
            raise ValueError(f"a hint is for the condition {hint.condition!r}, which there is not")
    for prediction in declared.predictions:
        if prediction.right not in range(len(prediction.choices)):
            raise ValueError(f"the right choice of {prediction.question.en!r} is none of them")
    for expression in _expressions(declared):
        try:
            jmespath.compile(expression)
        except JMESPathError as error:
            raise ValueError(f"{expression!r} is no JMESPath: {error}") from None


def _expressions(declared: _File) -> list[str]:
    expressions = [condition.holds for condition in declared.conditions] + [hint.when for hint in declared.hints]
    for condition in declared.conditions:
        expressions += [*template.expressions(condition.shows.en), *template.expressions(condition.shows.fr)]
    for observation in declared.observe.values():
        match observation:
            case Http(url=url):
                expressions += template.expressions(url)
            case Forward(pod=pod):
                expressions.append(pod)
            case Log(pods=pods):
                expressions.append(pods)
            case Exec(pod=pod, container=container):
                expressions += [pod, container]
    return expressions
