import itertools
import re

import pytest

from backend.cats.traits import MOODS, cat_of
from backend.cats.words import fact, name
from backend.roulette.bot_replies import reply, texts

SEEDS = [f"cat-{number}" for number in range(40)]
LANGUAGES = ("fr", "en")


def all_lists():
    yield from (topic.lines for topic in texts().topics)
    yield texts().echo
    for manner in texts().moods.values():
        yield from (manner.hello, manner.question, manner.chat)


@pytest.mark.parametrize(
    ("text", "topic_name"),
    [
        pytest.param("c’est quoi, un Pod ?", "pod", id="pod"),
        pytest.param("PODS!", "pod", id="capitals"),
        pytest.param("la sonde du pod", "probe", id="the-first-topic-counts"),
        pytest.param("Une sonde, bonjour", "probe", id="rather-than-a-greeting"),
        pytest.param("Désolé…", "sorry", id="accents"),
        pytest.param("de tout cœur", "love", id="ligature"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cat_reacts_to_the_words_that_it_knows(text, topic_name, language):
    seed = SEEDS[0]
    topic = next(topic for topic in texts().topics if topic.name == topic_name)
    fields = {"name": name(seed), "fact": fact(cat_of(seed)).of(language), "word": ""}
    lines = {line.of(language).format(**fields) for line in topic.lines}
    assert {reply(seed, turn, text, language) for turn in range(1, 9)} == lines


@pytest.mark.parametrize(
    ("text", "manner"),
    [
        pytest.param("Bonjour toi", "hello", id="greeting"),
        pytest.param("hi, how are you?", "hello", id="greeting-before-question"),
        pytest.param("ah bon ?", "question", id="question"),
        pytest.param("bon", "chat", id="small-talk"),
        pytest.param("spodumene", "chat", id="a-part-of-a-word-is-no-word"),
    ],
)
def test_else_it_replies_by_its_mood(text, manner):
    for seed in SEEDS:
        lines = getattr(texts().moods[cat_of(seed).mood], manner)
        assert reply(seed, 1, text, "fr") in {line.fr for line in lines}


def test_a_long_word_may_come_back():
    words = ("parapluie", "bicyclette", "locomotive", "armoire")
    replies = " ".join(reply(SEEDS[0], 1, f"encore {word}", "en") for word in words)
    assert any(word in replies for word in words)


@pytest.mark.parametrize("text", ["pod", "bye", "bonjour", "quoi ?", "bon", "parapluie", "{0} {name"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_reply_comes_twice_in_a_row(text, language):
    for seed in SEEDS:
        replies = [reply(seed, turn, text, language) for turn in range(1, 30)]
        assert all(first != second for first, second in itertools.pairwise(replies))


def test_a_reply_follows_from_the_cat_the_turn_and_the_text():
    assert len({reply("a", 3, "bon", "fr") for _ in range(5)}) == 1
    assert len({reply(seed, 1, "bon", "fr") for seed in SEEDS}) > 10


def test_every_mood_has_its_lines_and_no_line_or_word_is_in_two_places():
    """Then a change of subject cannot bring a line twice in a row, either."""
    assert set(texts().moods) == set(MOODS)
    assert min(map(len, all_lists())) >= 2
    words = [word for topic in texts().topics for word in topic.words] + list(texts().hello)
    assert len(set(words)) == len(words)
    assert all(re.fullmatch(r"[a-z0-9]+", word) for word in words)
    for language in LANGUAGES:
        lines = [line.of(language) for line in itertools.chain(*all_lists())]
        assert len(set(lines)) == len(lines)


def test_the_texts_follow_each_language_s_typography():
    for line in itertools.chain(*all_lists()):
        assert not re.search(r"(?<!\u202f)[?!;]|(?<!\u00a0)[:»]|«(?!\u00a0)|['\"]", line.fr), line
        assert not re.search(r"\s[?!;:]|'|\"|[«»]", line.en), line
        assert max(len(line.fr), len(line.en)) <= 120, line
