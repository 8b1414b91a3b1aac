import itertools
import re

import pytest

from backend.cats.traits import MOODS, cat_of
from backend.cats.words import fact, name
from backend.roulette.bot_replies import reply, texts

SEEDS = [f"cat-{number}" for number in range(40)]
LANGUAGES = ("fr", "en")


def every_line():
    known = texts()
    yield from (line for topic in known.topics for line in topic.lines)
    yield from known.echo
    for manner in known.moods.values():
        yield from (*manner.hello, *manner.question, *manner.chat)


def names_of(topic):
    return next(found for found in texts().topics if found.name == topic)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        pytest.param("c’est quoi, un Pod ?", "pod", id="pod"),
        pytest.param("PODS!", "pod", id="capitals"),
        pytest.param("la sonde du pod", "probe", id="the-first-topic-counts"),
        pytest.param("Une sonde, bonjour", "probe", id="rather-than-a-greeting"),
        pytest.param("J’ai du poisson", "fish", id="fish"),
        pytest.param("Désolé…", "sorry", id="accents"),
        pytest.param("de tout cœur", "love", id="ligature"),
        pytest.param("ok bye now", "bye", id="bye"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cat_reacts_to_the_words_that_it_knows(text, topic, language):
    seed = SEEDS[0]
    lines = [line.of(language) for line in names_of(topic).lines]
    filled = {line.format(name=name(seed), fact=fact(cat_of(seed)).of(language), word="") for line in lines}
    assert {reply(seed, count, text, language) for count in range(1, 9)} == filled


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
def test_else_as_its_mood_has_it(text, manner):
    for seed in SEEDS:
        lines = getattr(texts().moods[cat_of(seed).mood], manner)
        assert reply(seed, 1, text, "fr") in {line.fr for line in lines}


def test_a_long_word_may_come_back():
    long = ("parapluie", "bicyclette", "locomotive", "armoire")
    told = " ".join(reply(SEEDS[0], 1, f"encore {word}", "en") for word in long)
    assert any(word in told for word in long)


@pytest.mark.parametrize("text", ["pod", "bye", "bonjour", "quoi ?", "bon", "parapluie", "quelque chose", "{0} {name"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_never_twice_the_same_in_a_row(text, language):
    for seed in SEEDS:
        told = [reply(seed, count, text, language) for count in range(1, 30)]
        assert all(one != two for one, two in itertools.pairwise(told))


def test_no_line_is_in_two_places():
    """Then a change of subject cannot bring a line twice, either."""
    for language in LANGUAGES:
        lines = [line.of(language) for line in every_line()]
        assert len(set(lines)) == len(lines)


def test_it_follows_from_the_cat_the_count_and_the_text():
    assert len({reply("a", 3, "bon", "fr") for _ in range(5)}) == 1
    assert len({reply(seed, 1, "bon", "fr") for seed in SEEDS}) > 10
    assert reply("a", 3, "bon", "fr") != reply("a", 4, "bon", "fr")


def test_every_mood_has_its_manner_and_every_list_two_lines_at_least():
    known = texts()
    assert set(known.moods) == set(MOODS)
    lists = [*(topic.lines for topic in known.topics), known.echo]
    lists += [lines for manner in known.moods.values() for lines in (manner.hello, manner.question, manner.chat)]
    assert min(map(len, lists)) >= 2


def test_no_word_belongs_to_two_topics():
    known = texts()
    words = [word for topic in known.topics for word in topic.words] + list(known.hello)
    assert len(set(words)) == len(words)
    assert all(re.fullmatch(r"[a-z0-9]+", word) for word in words)


def test_the_texts_are_set_as_each_language_sets_them():
    for line in every_line():
        assert not re.search(r"(?<!\u202f)[?!;]|(?<!\u00a0)[:»]|«(?!\u00a0)|['\"]", line.fr), line
        assert not re.search(r"\s[?!;:]|'|\"|[«»]", line.en), line
        assert max(len(line.fr), len(line.en)) <= 120, line
