"""The node image where no image registry is in reach: built from Go modules and Debian packages, cached by content."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from lab import cache, mmdebstrap, ownership
from lab.cluster.node_image import assemble, go_programs, go_toolchain
from lab.cluster.node_image.recipe import DEBIAN, SUITE, Recipe, root_hash
from lab.config import Settings
from lab.docker import inspect
from lab.errors import LabError
from lab.registry_access import NODE_IMAGE
from lab.steps import Report, Step

_NEED = {"programs": 8.0, "kind": 1.5, "root": 1.0, "image": 2.5}
"""Free disk that each part takes while it is built from nothing, in GB; Go's caches are most of the first two."""

_UNREAD = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*", "/usr/share/info/*")
"""What a node never reads of Debian's packages."""


def reference(recipe: Recipe | None = None) -> str:
    """Name the node image that this project's files describe: ``chatroulette-node:`` and 12 hexadecimal digits."""
    return f"{NODE_IMAGE}:{(recipe or Recipe()).image_hash}"


def steps(settings: Settings) -> list[Step]:
    """Return the steps from nothing to the node image in Docker; each is skipped where its result is there."""
    build = Build(settings, Recipe(settings.kubernetes))
    default = Build(settings, build.recipe.default)
    programs, root, image = build.programs, build.root, reference(build.recipe)

    def image_exists() -> str | None:
        return f"{image} is in Docker" if inspect(image, "image") else None

    def programs_exist() -> str | None:
        return _cached(programs) or _cached(default.programs)

    another_minor = Step(f"Build Kubernetes {build.recipe.minor}", build.make_programs, lambda: _cached(programs), 200)
    return [
        Step("Have a Go toolchain", build.make_toolchain, lambda: _cached(programs) or build.toolchain(), 25),
        Step("Build Kubernetes and the node's programs", default.make_programs, programs_exist, 360),
        *([another_minor] if build != default else []),
        Step("Make the node's Debian root", build.make_root, lambda: image_exists() or _cached(root), 50),
        Step("Put the node image together", lambda report: build.make_image(image, report), image_exists, 25),
    ]


def build_kind_only(settings: Settings) -> list[Step]:
    """Return the steps that build just kind, for machines that have the published node image in reach but no kind."""
    build = Build(settings, Recipe(settings.kubernetes))

    def done() -> str | None:
        return _cached(build.programs) or _cached(build.kind_only)

    return [
        Step("Have a Go toolchain", build.make_toolchain, lambda: done() or build.toolchain(), 25),
        Step("Build kind", build.make_kind, done, 60),
    ]


def tools(settings: Settings) -> dict[str, Path]:
    """Return where the programs for this machine are once their steps are done: ``kind``, ``kubectl``, ``goproxy``.

    Only ``kind`` where just that was built.
    """
    build = Build(settings, Recipe(settings.kubernetes))
    if build.kind_only.exists() and not build.programs.exists():
        return {"kind": build.kind_only / "kind"}
    return {name: build.programs / name for name in ("kind", "kubectl", "goproxy")}


def clean(settings: Settings) -> None:
    """Remove what interrupted builds of this lab left in Docker."""
    assemble.remove_leftovers(ownership.label(settings))


def check_space(need: float, free: float, where: Path) -> None:
    """Raise LabError where less space is free than a build needs, both in GB."""
    if free < need:
        raise LabError(
            f"building the node image needs {need:.1f} GB free in {where}, and there are {free:.1f}",
            "make room, or set LAB_CACHE to a folder on another disk",
        )


@dataclass(frozen=True)
class Build:
    """The parts of one minor's node image, where they are cached, and what makes each."""

    settings: Settings
    recipe: Recipe

    @property
    def folder(self) -> Path:
        return self.settings.cache / "node"

    @property
    def programs(self) -> Path:
        return self.folder / f"programs-{self.recipe.programs_hash}"

    @property
    def kind_only(self) -> Path:
        return self.folder / f"kind-{self.recipe.default.version('sigs.k8s.io/kind')}"

    @property
    def root(self) -> Path:
        return self.folder / f"root-{root_hash()}.tar"

    def toolchain(self) -> str | None:
        go = go_toolchain.present(self.settings)
        return str(go) if go else None

    def make_toolchain(self, report: Report) -> str:
        return str(go_toolchain.ensure(self.settings, report))

    def make_programs(self, report: Report) -> str:
        """Build all programs; of another minor only Kubernetes, which goes with the default one's other programs."""
        self._prepare("programs")
        if self.recipe == self.recipe.default:
            packages, others = go_programs.EVERYTHING, None
        else:
            packages, others = go_programs.KUBERNETES, Build(self.settings, self.recipe.default).programs
        go_programs.build(self.settings, self.recipe, packages, target=self.programs, others=others, report=report)
        return f"Kubernetes {self.recipe.kubernetes}"

    def make_kind(self, report: Report) -> str:
        self._prepare("kind")
        recipe = self.recipe.default
        go_programs.build(self.settings, recipe, go_programs.KIND, target=self.kind_only, others=None, report=report)
        return f"kind {recipe.version('sigs.k8s.io/kind')}"

    def make_root(self, report: Report) -> str:
        self._prepare("root")
        with cache.workspace(self.folder) as folder:
            tar = folder / "root.tar"
            paths = [f"--dpkgopt=path-exclude={path}" for path in _UNREAD]
            words = ["mmdebstrap", "--variant=minbase", f"--include={','.join(DEBIAN)}", *paths, SUITE]
            hint = "the Debian mirror that this machine's apt uses must be in reach"
            mmdebstrap.make(words, tar, report, timeout=900, hint=hint)
            cache.sync(tar)
            tar.rename(self.root)
        return f"Debian {SUITE}"

    def make_image(self, name: str, report: Report) -> str:
        self._prepare("image")
        assemble.assemble(self.recipe, self.programs, self.root, name, report, label=ownership.label(self.settings))
        return name

    def _prepare(self, part: str) -> None:
        """Make room, and look before starting whether it is enough, so that a disk is not full half an hour later."""
        cache.sweep(self.folder)
        check_space(_NEED[part], shutil.disk_usage(self.folder).free / 1e9, self.folder)


def _cached(path: Path) -> str | None:
    return f"built before: {path.name}" if path.exists() else None
