"""Build an image from a folder of k8s/images: Debian packages, unpacked and customized, then its Dockerfile."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from lab import cache, docker, mmdebstrap
from lab.config import ROOT, Settings
from lab.images import hashing
from lab.steps import Report

FOLDER = ROOT / "k8s" / "images"
SUITE = "bookworm"
_TIMEOUT = 600
_HINT = "are Debian's package mirrors in reach? `make doctor`"


@dataclass(frozen=True)
class Recipe:
    """An image made of ``k8s/images/<name>`` and, where it needs one, a program built elsewhere."""

    name: str
    program: Path | None = None

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def content(self) -> str:
        """The hash of all that it is made of; of packages the names, not the versions."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        program = [self.program.read_bytes()] if self.program else []
        return hashing.digest([SUITE, *hashing.of_files(self.folder, files), (FOLDER / "slim").read_bytes(), *program])

    @property
    def tag(self) -> str:
        return f"chatroulette-{self.name}:{self.content}"


def build(settings: Settings, recipe: Recipe, report: Report) -> str:
    """Build the image, unless the local Docker has it, and return its tag."""
    tag = recipe.tag
    if docker.inspect(tag, "image"):
        return tag
    with cache.workspace(settings.cache) as context:
        shutil.copytree(recipe.folder, context, dirs_exist_ok=True, copy_function=copy_readable)
        if recipe.program:
            shutil.copy(recipe.program, context / recipe.name)
        if (recipe.folder / "packages").exists():
            _unpack(recipe, context / "root.tar", report)
        report(f"{recipe.name}: adding it to Docker")
        docker.build(settings, context, tag)
    return tag


def copy_readable(source: str | Path, target: str | Path) -> None:
    """Copy a file that everybody in the image may read, whatever this clone's own modes are."""
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if Path(source).stat().st_mode & 0o100 else 0o644)


def packages(recipe: Recipe) -> list[str]:
    return (recipe.folder / "packages").read_text().split()


def _unpack(recipe: Recipe, root: Path, report: Report) -> None:
    names = packages(recipe)
    report(f"{recipe.name}: unpacking {len(names)} Debian package{'s' if len(names) > 1 else ''} and what they need")
    hooks = [hook for hook in (FOLDER / "slim", recipe.folder / "customize") if hook.exists()]
    words = [
        *("env", "SOURCE_DATE_EPOCH=0", "mmdebstrap"),
        "--quiet",
        "--variant=extract",
        "--aptopt=Acquire::Retries 3",
        f"--include={','.join(names)}",
        *(f"--extract-hook={hook}" for hook in hooks),
        SUITE,
    ]
    mmdebstrap.make(words, root, report, timeout=_TIMEOUT, hint=_HINT)
