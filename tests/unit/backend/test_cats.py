"""Traits, walls, portraits and words."""

import itertools
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from backend.cats import words
from backend.cats.body import collar
from backend.cats.palette import BACKDROPS, COLLARS, EYES, FURS, INK
from backend.cats.portrait import draw
from backend.cats.traits import (
    BACKDROPS as BACKDROP_NAMES,
)
from backend.cats.traits import COATS, COLLAR_COLOURS, EARS, EYE_COLOURS, HEADS, MOODS, cat_of
from backend.cats.wall import wall_seeds

SVG = "{http://www.w3.org/2000/svg}"
SEEDS = [f"seed-{number}" for number in range(400)]


def test_the_same_seed_is_the_same_cat_in_another_process():
    """Python's own hash() would not do: it differs from start to start."""
    code = "from backend.cats.traits import cat_of; print(cat_of('felix'))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": s}, capture_output=True, text=True, check=True
        )
        for s in ("1", "2")
    ]
    assert {run.stdout for run in runs} == {f"{cat_of('felix')}\n"}


def test_a_known_cat_stays_what_it_is():
    cat = cat_of("felix")
    traits = (cat.head, cat.ears, cat.coat, cat.shade, cat.eyes, cat.mood)
    assert traits == ("wedge", "tufted", "solid", "white", ("blue", "blue"), "content")


def test_ten_thousand_differ_at_a_glance():
    """Head, ears, coat, collar and mood alone: all seen at 48 pixels, without counting eye colours or backdrops."""
    coats = sum(len(shades) for shades in COATS.values())
    collars = 1 + 4 * len(COLLAR_COLOURS)
    assert len(HEADS) * len(set(EARS)) * coats * collars * len(MOODS) > 10_000
    cats = [cat_of(f"{number}") for number in range(20_000)]
    seen = {(*c.look, c.collar, c.collar_colour if c.collar != "none" else "", c.mood, c.eyes) for c in cats}
    assert len(seen) > 10_000


@pytest.mark.parametrize(
    "trait", ["head", "ears", "coat", "shade", "eye_shape", "eyes", "whiskers", "tail", "collar", "mood", "backdrop"]
)
def test_every_trait_varies(trait):
    values = [getattr(cat_of(seed), trait) for seed in SEEDS]
    assert max(values.count(value) for value in set(values)) < 0.6 * len(SEEDS)


def test_some_eyes_are_odd_and_one_of_them_is_blue():
    odd = [cat.eyes for seed in SEEDS if len(set((cat := cat_of(seed)).eyes)) == 2]
    assert 0.03 < len(odd) / len(SEEDS) < 0.35
    assert all("blue" in eyes for eyes in odd)


def test_moods_change_eyes_ears_and_mouth_only():
    moods = [draw(cat_of("felix", mood), "t") for mood in MOODS]
    assert len(set(moods)) == len(MOODS)
    still = [re.search(r'<g class="cat-tail">.*?(?=<g class="cat-head">)', svg)[0] for svg in moods]
    assert len({re.sub(r"cat-[0-9a-f]{8}", "", part) for part in still}) == 1


@pytest.mark.parametrize("count", [1, 24, 96])
def test_a_wall_has_so_many_cats_of_different_names(count):
    seeds = wall_seeds("home", count)
    assert len({words.name(seed) for seed in seeds}) == len(seeds) == count


def test_a_wall_is_stable_and_grows_at_its_end():
    assert wall_seeds("home", 96)[:24] == wall_seeds("home", 24)
    assert not set(wall_seeds("home", 24)) & set(wall_seeds("other", 24))


def test_neighbours_do_not_look_alike():
    cats = [cat_of(seed) for seed in wall_seeds("home", 48)]
    assert len({cat.look for cat in cats}) == 48
    assert all((a.coat, a.shade) != (b.coat, b.shade) for a, b in itertools.pairwise(cats))


def test_every_trait_has_its_colour():
    assert set(FURS) == {(coat, shade) for coat, shades in COATS.items() for shade in shades}
    assert (set(EYES), set(COLLARS), set(BACKDROPS)) == (set(EYE_COLOURS), set(COLLAR_COLOURS), set(BACKDROP_NAMES))


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", [*BACKDROPS.values(), *EYES.values(), *(fur.base for fur in FURS.values())])
def test_the_line_stands_out(colour):
    """On backdrops, eyes and coats, the black cat's included, so that a cat is still read at 48 pixels."""
    assert (luminance(colour) + 0.05) / (luminance(INK) + 0.05) > 2


@pytest.mark.parametrize("seed", SEEDS[:60])
def test_a_portrait_is_a_self_contained_picture(seed):
    """Well-formed, named, and nothing in it that a strict content security policy would stop."""
    root = ET.fromstring(draw(cat_of(seed), 'A <"cat"> & co'))
    assert (root.tag, root.get("role"), root.get("viewBox")) == (f"{SVG}svg", "img", "0 0 240 240")
    assert root.find(f"{SVG}title").text == 'A <"cat"> & co'
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "defs", "clipPath", "g", "path", "rect", "circle", "ellipse"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in names if name == "style" or name.startswith("on") or "href" in name}


@pytest.mark.parametrize("mood", MOODS)
def test_a_page_finds_the_parts_that_move(mood):
    root = ET.fromstring(draw(cat_of("felix", mood), "t"))
    parts = {element.get("class") for element in root.iter()}
    assert {"cat-eyes", "cat-eyelids", "cat-ears", "cat-tail", "cat-mouth", "cat-backdrop"} <= parts
    assert ("cat-pupil" in parts) is (mood not in ("sleepy", "happy"))


def test_ids_of_two_cats_do_not_meet():
    """Pages put many portraits into one document; a mood of the same cat is another portrait."""
    portraits = [draw(cat_of(seed), "t") for seed in SEEDS[:50]] + [draw(cat_of(SEEDS[0], m), "t") for m in MOODS]
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in {*portraits}]
    assert len(set.union(*ids)) == sum(len(own) for own in ids)
    used = [set(re.findall(r"url\(#([^)]+)\)", svg)) for svg in {*portraits}]
    assert all(refs <= own for refs, own in zip(used, ids, strict=True))


def test_no_collar_is_nothing():
    bare = next(cat for seed in SEEDS if (cat := cat_of(seed)).collar == "none")
    assert collar(bare) == ""


@pytest.mark.parametrize("seed", SEEDS[:100])
def test_words_say_what_one_sees(seed):
    cat = cat_of(seed)
    both = words.alt(cat)
    w = words.words()
    for language in words.LANGUAGES:
        text = both.of(language)
        assert w.coats[f"{cat.coat}/{cat.shade}"].of(language) in text
        assert w.moods[cat.mood].of(language) in text
        assert "{" not in text
    assert both.fr != both.en


def test_an_alt_text_in_full():
    assert words.alt(cat_of("felix")) == words.Both(
        fr="Norvégien à la tête fine et aux oreilles à pinceaux, robe blanche, yeux bleus, "
        "nœud papillon vert, l\u2019air content.",
        en="Norwegian forest cat with a slender head and tufted ears, white coat, blue eyes, "
        "green bow tie, looking content.",
    )


def test_a_cat_greets_by_its_name():
    said = words.greeting(cat_of("felix"))
    assert said.fr != said.en
    assert all(words.name("felix") in text for text in (said.fr, said.en))


def test_a_cat_knows_one_fact_and_all_facts_are_known():
    facts = {words.fact(cat_of(seed)) for seed in SEEDS}
    assert facts == set(words.words().facts)


def test_every_trait_has_its_words():
    w = words.words()
    assert set(w.moods) == set(w.greetings) == set(MOODS)
    assert {words.breed(cat_of(str(number))) for number in range(5000)} == set(w.breeds)
    assert len(set(w.names)) == len(w.names) > 96


def test_french_is_set_as_french():
    """A narrow no-break space before ! ? ; and a curly apostrophe, in every text."""
    w = words.words()
    pairs = [*w.moods.values(), *w.greetings.values(), *w.facts, *w.coats.values(), w.alt]
    for text in (pair.fr for pair in pairs):
        assert not re.search(r"[^\u202f][!?;]|[^\u00a0]:|'", text)
