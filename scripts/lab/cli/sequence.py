"""Several commands in one line, as make has it: ``lab kind-up deploy verify``."""

from collections.abc import Sequence

IN_SEQUENCE = frozenset({"kind-up", "deploy", "verify", "status", "undeploy", "kind-down", "doctor"})
"""Commands without arguments of their own, so that a further word can only be the next command."""
_TAKES_VALUE = frozenset({"--shape"})


def split(words: Sequence[str]) -> list[list[str]]:
    """Split a command line before each word that names a further command; options stay with the one before them."""
    if not words or words[0] not in IN_SEQUENCE:
        return [list(words)]
    commands: list[list[str]] = []
    for before, word in zip(["", *words], words, strict=False):
        if word in IN_SEQUENCE and before not in _TAKES_VALUE:
            commands.append([])
        commands[-1].append(word)
    return commands
