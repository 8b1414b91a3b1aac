"""A lesson's text: Markdown with fixed sections, and the commands in it. Pure."""

import re
from dataclasses import dataclass, field
from typing import Literal, TypeGuard, get_args

from lab.experiments.texts import Language

Mode = Literal["", "fails", "background", "tty", "evidence", "elsewhere"]
MODES: tuple[Mode, ...] = get_args(Mode)
SECTIONS: dict[Language, tuple[str, ...]] = {
    "en": ("Goal", "Steps", "Explanation", "Question"),
    "fr": ("But", "Étapes", "Explication", "Question"),
}
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<code>.*?)^```[ ]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """Commands of the text, a line each; ``typed`` is what is typed into the program that they start."""

    mode: Mode
    commands: tuple[str, ...]
    typed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """The Markdown of each section; ``blocks`` are the commands of the steps, ``evidence`` those of the explanation."""

    title: str
    why: str
    goal: str
    steps: str
    explanation: str
    question: str
    blocks: tuple[Block, ...] = field(default=())
    evidence: tuple[Block, ...] = field(default=())


def parse(text: str, language: Language) -> Document:
    """Read a lesson's Markdown; raises ValueError where a section is missing or a block is of an unknown kind."""
    head, *parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    title = re.match(r"# (.+)\n", head)
    names = tuple(name.strip() for name in parts[::2])
    if title is None or names != SECTIONS[language]:
        raise ValueError(f"text.{language}.md needs a title and the sections {', '.join(SECTIONS[language])}, in order")
    goal, steps, explanation, question = (part.strip() for part in parts[1::2])
    blocks = find_blocks(steps)
    evidence = find_blocks(explanation)
    if any(block.mode == "evidence" for block in blocks) or any(block.mode != "evidence" for block in evidence):
        raise ValueError(f"text.{language}.md: evidence belongs to {names[2]}, and only evidence is run there")
    why = head[title.end() :].strip()
    return Document(title[1].strip(), why, goal, steps, explanation, question, blocks, evidence)


def find_blocks(markdown: str) -> tuple[Block, ...]:
    """Return the blocks that are run, in order; raises ValueError for a fence of an unknown kind."""
    blocks: list[Block] = []
    for match in _FENCE.finditer(markdown):
        language, _, mode = match["info"].strip().partition(" ")
        lines = tuple(line for line in match["code"].splitlines() if line.strip())
        if language == "input":
            if not blocks or blocks[-1].mode != "tty":
                raise ValueError("an input block follows a block of bash tty")
            blocks[-1] = Block("tty", blocks[-1].commands, lines)
        elif language == "bash":
            if not is_mode(mode):
                raise ValueError(f"a block is bash {mode}; it may be bash and {', '.join(filter(None, MODES))}")
            blocks.append(Block(mode, joined(lines)))
    return tuple(blocks)


def is_mode(text: str) -> TypeGuard[Mode]:
    return text in MODES


def joined(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Join lines that a backslash continues, and those of a here-document, to one command each."""
    commands: list[str] = []
    ending = ""
    for line in lines:
        if ending or (commands and commands[-1].endswith("\\")):
            commands[-1] += f"\n{line}"
            ending = "" if line == ending else ending
        else:
            commands.append(line)
        here = re.search(r"<<-?\s*'?(\w+)'?", line)
        ending = here[1] if here and not ending else ending
    return tuple(commands)
