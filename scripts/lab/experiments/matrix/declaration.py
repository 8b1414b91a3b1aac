"""Reads the declaration of a matrix, such as ``names.yaml``: what it creates, and which cells are tried.

A string may have fields: ``{port}`` is one of ``variables`` or of the variant's own, ``{variant}`` its id, ``{here}``
and ``{elsewhere}`` are the namespaces, ``{pods[other].ip}`` is of the model; one that is a single field is its value.
In a list, ``each`` repeats its elements for every variant, or for those in ``only``. A Pod has the spec's own fields; a
container sleeps, ``runs`` the backend or a stub of it, or ``asks`` for addresses.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from lab.errors import LabError
from lab.experiments import texts
from lab.experiments.matrix import manifests
from lab.experiments.matrix.engine import Attempt
from lab.experiments.matrix.labels import labels
from lab.experiments.matrix.probe_protocol import command
from lab.experiments.model.cluster import Address, ClusterModel, VantagePoint
from lab.kubernetes.objects import Object

_FIELD = re.compile(r"\{([^{}]+)\}")
_ON_NODE, _MANY = 11_000, 9_000
"""Ports of the node that neither Kubernetes' own programs nor NodePorts (from 30000) use, and how many."""
_INIT_SECONDS, _INIT_AGAIN = 15.0, 3
"""Seconds for the init container's answers, and how often it tries again itself: it runs once, maybe before kube-proxy
knows its Service."""
_NOT_YET = {"ip": "$POD_IP", "dashed_ip": "$DASHED_POD_IP"}
"""A Pod is made before it has an address: the probe in its init container reads these variables instead."""


@dataclass(frozen=True)
class _ByName:
    """Looks an object of the model up by its name; raises KeyError."""

    find: Callable[[str], Any]

    def __getitem__(self, name: str) -> Any:
        return self.find(name)


class Scope(dict[str, Any]):
    """The values of fields for one variant; a variable is filled in when it is first asked for."""

    def __init__(self, variables: Object, model: ClusterModel, namespaces: Sequence[str], variant: str) -> None:
        here, cluster = namespaces[0], model.cluster
        super().__init__(
            variant=variant,
            here=here,
            elsewhere=namespaces[-1],
            domain=cluster.domain,
            node_ip=cluster.node_ip,
            dns_ip=cluster.dns_ip,
            pods=_ByName(lambda name: model.pod(here, name)),
            services=_ByName(lambda name: model.service(here, name)),
            free_port=_ON_NODE + zlib.crc32(f"{here}/{variant}".encode()) % _MANY,
        )
        self.variables = variables
        self.all: Sequence[Scope] = (self,)

    def __missing__(self, name: str) -> Any:
        value = self[name] = self.fill(self.variables[name])
        return value

    def fill(self, value: Any) -> Any:
        match value:
            case str():
                return self._fill_text(value)
            case dict():
                return {key: self.fill(part) for key, part in value.items() if key != "only"}
            case list():
                return [filled for element in value for filled in self._fill_element(element)]
        return value

    def has(self, part: Object) -> bool:
        return "only" not in part or self["variant"] in part["only"]

    def _fill_text(self, text: str) -> Any:
        while field := _FIELD.search(text):
            value, _ = Formatter().get_field(field[1], (), self)
            if field[0] == text:
                return value
            text = text.replace(field[0], str(value))
        return text

    def _fill_element(self, element: Any) -> Iterator[Any]:
        if isinstance(element, dict) and "each" in element:
            for scope in self.all:
                yield from (scope.fill(part) for part in element["each"] if scope.has(part))
        else:
            yield self.fill(element)


@dataclass(frozen=True)
class Setup:
    """All that a matrix creates; objects name their namespace, ephemeral containers and copies are of the first one.

    ``pods`` is given the model with the Services in it: an init container must know their addresses. ``ephemeral`` are
    added to a Pod once its container ``after`` has started, by its startup probe too, and run ``apart`` seconds: pairs
    of a name and the container whose processes it sees, or nothing. ``copies`` are those that ``kubectl debug
    --copy-to`` makes, with one container more. ``unready`` names Pods that are never to be Ready.
    """

    services: Sequence[Object]
    pods: Callable[[ClusterModel], Sequence[Object]]
    ephemeral: Sequence[Object] = ()
    copies: Sequence[Object] = ()
    unready: Sequence[str] = ()


class Matrix:
    """A matrix experiment: what it creates, and what is tried there; of its variants ``only`` these, or all."""

    def __init__(self, name: str, only: Sequence[str] | None = None) -> None:
        self.id, self.content = name, read(name)
        known = list(self.content.get("variants", {}))
        self._ids = (known or [""]) if only is None else only
        section = texts.load(name).section("variants", [id_ for id_ in known if id_]) if known else None
        self.variants = labels(section) if section else ()
        self.namespaces = tuple(self.content.get("namespaces", ()))
        """Namespaces of its own beside the main one."""

    def setup(self, model: ClusterModel, namespaces: Sequence[str]) -> Setup:
        scope = self._scopes(model, namespaces)[0]
        return Setup(
            services=[manifests.service(namespaces[0], **service) for service in self._filled(scope, "services")],
            pods=lambda model: self._pods(model, namespaces),
            ephemeral=self._filled(scope, "ephemeral"),
            copies=self._filled(scope, "copies"),
            unready=[part["name"] for part in self._filled(scope, "unready")],
        )

    def attempts(
        self, model: ClusterModel, namespaces: Sequence[str], before: Sequence[Attempt] = ()
    ) -> Sequence[Attempt]:
        """Return all cells, variant by variant.

        Where a Service is gone they are the same as ``before``: its name may still be asked for. Raises LabError where
        a Pod that should ask is gone, or a Service at the first measurement.
        """
        try:
            try:
                attempts: Sequence[Attempt] = list(self._attempts(model, namespaces))
            except KeyError:
                if not before:
                    raise
                attempts = before
            for attempt in attempts:
                if attempt.vantage.pod:
                    model.pod(attempt.vantage.namespace, attempt.vantage.pod)
        except KeyError as error:
            missing = f"there is no {error.args[0]} any more"
            raise LabError(missing, "run the experiment again: it makes all anew") from None
        return attempts

    def settles(self, attempt: Attempt) -> bool:
        """Tell whether a cell tells when the network follows the Services: nothing counts before."""
        return attempt.address.id in self.content["settles"].get(attempt.vantage.id, ())

    def _attempts(self, model: ClusterModel, namespaces: Sequence[str]) -> Iterator[Attempt]:
        for scope in self._scopes(model, namespaces):
            for cells in filter(scope.has, self.content["cells"]):
                for vantage, address in product(cells["from"], cells["to"]):
                    yield Attempt(self._vantage(scope, vantage), self._address(scope, address), scope["variant"])

    def _scopes(self, model: ClusterModel, namespaces: Sequence[str]) -> list[Scope]:
        own, shared = self.content.get("variants", {}), self.content.get("variables", {})
        scopes = [Scope({**shared, **own.get(id_, {})}, model, namespaces, id_) for id_ in self._ids]
        for scope in scopes:
            scope.all = scopes
        return scopes

    def _filled(self, scope: Scope, section: str) -> Any:
        return scope.fill(self.content.get(section, []))

    def _pods(self, model: ClusterModel, namespaces: Sequence[str]) -> list[Object]:
        scope = self._scopes(model, namespaces)[0]
        scope.update(_NOT_YET)
        return [self._pod(scope, **pod) for pod in self._filled(scope, "pods")]

    def _pod(
        self,
        scope: Scope,
        *,
        name: str,
        containers: Iterable[Object],
        namespace: str = "",
        spec: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Object:
        if "initContainers" in more:
            more["initContainers"] = [self._init(scope, **container) for container in more["initContainers"]]
        made = [manifests.container(**container) for container in containers]
        return manifests.pod(namespace or scope["here"], name, *made, **(spec or {}), **more)

    def _init(self, scope: Scope, *, asks: Sequence[str], **more: Any) -> Object:
        """Return an init container: its command is the probe, its log the answer."""
        tried = [self._address(scope, address) for address in asks]
        return manifests.container(command=command(tried, seconds=_INIT_SECONDS, again=_INIT_AGAIN), **more)

    def _vantage(self, scope: Scope, key: str) -> VantagePoint:
        fields = scope.fill(self.content["vantages"][key])
        outside = fields.get("kind") in {"node", "computer"}
        return VantagePoint(**{"id": key, "kind": "container", "namespace": "" if outside else scope["here"], **fields})

    def _address(self, scope: Scope, key: str) -> Address:
        return Address(**{"id": key, **scope.fill(self.content["addresses"][key])})


def read(name: str) -> Object:
    content: Object = yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text(encoding="utf-8"))
    return content
