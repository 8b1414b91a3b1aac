"""Texts stand in both languages, are found by their ids, and each is used."""

import re

import pytest
import yaml

from lab.config import ROOT
from lab.experiments import texts
from lab.experiments.texts import Text

SOURCES = [
    path.read_text()
    for folder in ("experiments", "report", "cli", "lessons", "learn")
    for path in (ROOT / "scripts/lab" / folder).rglob("*.*")
    if path.suffix in {".py", ".j2", ".js", ".yaml"} and path.parent != texts.FOLDER
]


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    texts.load.cache_clear()
    yield lambda content: (tmp_path / "sample.yaml").write_text(yaml.safe_dump(content))
    texts.load.cache_clear()


@pytest.mark.parametrize("name", sorted({path.stem for path in texts.FOLDER.glob("*.yaml")} - {"messages"}))
def test_each_text_has_both_languages_and_a_use(name):
    """A key is used where the code has it as a string, as a keyword, as an attribute or as words of it.

    Messages are found by their English: test_messages.py.
    """

    def keys(content):
        for key, value in content.items():
            if isinstance(value, dict) and "en" not in value:
                yield from keys(value)
            yield str(key)

    texts.load(name)
    content = yaml.safe_load((texts.FOLDER / f"{name}.yaml").read_text())
    source = " ".join(SOURCES)
    words = set(re.findall(r"[\w./-]+", source))
    assert [key for key in keys(content) if f'"{key}"' not in source and not set(key.split()) <= words] == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"a": {"en": "cat"}}, id="no French"),
        pytest.param({"a": {"en": "cat", "fr": ""}}, id="empty French"),
        pytest.param({"a": {"en": "cat", "fr": "chat", "de": "Katze"}}, id="a third language"),
        pytest.param({"a": {"b": {}}}, id="an empty section"),
        pytest.param({"a": 3}, id="a number"),
    ],
)
def test_an_incomplete_text_is_refused(written, content):
    written(content)
    with pytest.raises(ValueError, match=r"text/sample\.yaml: a"):
        texts.load("sample")


def test_ids_that_differ_from_the_codes_are_named(written):
    written({"checks": {"ready": {"en": "cat", "fr": "chat"}}})
    checks = texts.load("sample").section("checks", ["ready"])
    assert checks["ready"] == Text("cat", "chat")
    with pytest.raises(KeyError, match="ready, restarted"):
        texts.load("sample").section("checks", ["restarted"])


def test_a_text_is_filled_in_as_its_language_writes_figures():
    text = Text("{name} after {seconds:.1f} s", "{name} après {seconds:.1f} s")
    assert text.format(name=Text("cat", "chat"), seconds=1.25) == Text("cat after 1.2 s", "chat après 1,2 s")
