"""Traits, walls, portraits, words, and their endpoints."""

import itertools
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from backend.cats import words
from backend.cats.cards import wall_seeds
from backend.cats.portrait import PALETTE, draw
from backend.cats.traits import MOODS, TRAITS, cat_of

SVG = "{http://www.w3.org/2000/svg}"
SEEDS = [f"seed-{number}" for number in range(400)]
CATS = [cat_of(seed) for seed in SEEDS]


def test_the_same_seed_is_the_same_cat_in_another_process():
    """Python's own hash() would not do: it differs from start to start."""
    code = "from backend.cats.traits import cat_of; print(cat_of('felix'))"
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONHASHSEED": "1"}, capture_output=True, text=True, check=True
    )
    assert run.stdout == f"{cat_of('felix')}\n"


def test_a_known_cat_stays_what_it_is():
    cat = cat_of("felix")
    traits = (cat.head, cat.ears, cat.coat, cat.shade, cat.eyes, cat.mood)
    assert traits == ("wedge", "tufted", "solid", "white", ("blue", "blue"), "content")


def test_some_eyes_are_odd_and_one_of_them_is_blue():
    odd = [cat.eyes for cat in CATS if len(set(cat.eyes)) == 2]
    assert 0.03 < len(odd) / len(CATS) < 0.35
    assert all("blue" in eyes for eyes in odd)


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
    assert set(PALETTE["furs"]) == {f"{coat}/{shade}" for coat, shades in TRAITS.shades.items() for shade in shades}
    colours = [set(PALETTE[name]) for name in ("eyes", "collars", "backdrops")]
    assert colours == [set(TRAITS.eye_colour), set(TRAITS.collar_colour), set(TRAITS.backdrop)]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_line_stands_out():
    """On backdrops, eyes and coats, the black cat's included, so that a cat is still read at 48 pixels."""
    furs = (fur["base"] for fur in PALETTE["furs"].values())
    colours = [*PALETTE["backdrops"].values(), *PALETTE["eyes"].values(), *furs]
    ink = luminance(PALETTE["ink"]) + 0.05
    assert [colour for colour in colours if (luminance(colour) + 0.05) / ink <= 2] == []


def test_every_value_of_a_trait_is_drawn():
    for trait in ("head", "ears", "eye_shape", "whiskers", "tail", "collar", "collar_colour", "backdrop"):
        assert {getattr(cat, trait) for cat in CATS} == set(getattr(TRAITS, trait))
    assert {(cat.coat, cat.shade) for cat in CATS} == {(coat, s) for coat in TRAITS.shades for s in TRAITS.shades[coat]}
    assert {cat.mood for cat in CATS} == set(MOODS)


@pytest.mark.parametrize("cat", CATS[:20], ids=SEEDS[:20])
def test_a_portrait_is_a_self_contained_picture(cat):
    """Well-formed, named, and nothing in it that a strict content security policy would stop."""
    root = ET.fromstring(draw(cat, 'A <"cat"> & co'))
    assert (root.tag, root.get("role"), root.get("viewBox")) == (f"{SVG}svg", "img", "0 0 240 240")
    assert root.find(f"{SVG}title").text == 'A <"cat"> & co'
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "defs", "clipPath", "g", "path", "rect", "circle", "ellipse"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in names if name == "style" or name.startswith("on") or "href" in name}
    classes = {element.get("class") for element in root.iter()}
    assert ("cat-collar" in classes) is (cat.collar != "none")


@pytest.mark.parametrize("mood", MOODS)
def test_a_page_finds_the_parts_that_move(mood):
    root = ET.fromstring(draw(cat_of("felix", mood), "t"))
    parts = {element.get("class") for element in root.iter()}
    assert {"cat-eyes", "cat-eyelids", "cat-ears", "cat-tail", "cat-mouth", "cat-backdrop"} <= parts
    assert ("cat-pupil" in parts) is (mood not in ("sleepy", "happy"))


def test_ids_of_two_cats_do_not_meet():
    """Pages put many portraits into one document; a mood of the same cat is another portrait."""
    portraits = {draw(cat, "t") for cat in (*CATS[:50], *(cat_of(SEEDS[0], mood) for mood in MOODS))}
    assert len(portraits) == 50 + len(MOODS) - 1, "one mood is the cat's own"
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in portraits]
    assert len(set.union(*ids)) == sum(len(own) for own in ids)
    used = [set(re.findall(r"url\(#([^)]+)\)", svg)) for svg in portraits]
    assert all(refs <= own for refs, own in zip(used, ids, strict=True))


@pytest.mark.parametrize("cat", CATS[:20], ids=SEEDS[:20])
def test_the_alternative_text_says_what_one_sees(cat):
    both, texts = words.alt(cat), words.words()
    for language in words.LANGUAGES:
        text = both.of(language)
        assert texts.coats[f"{cat.coat}/{cat.shade}"].of(language) in text
        assert texts.moods[cat.mood].of(language) in text
        assert "{" not in text
    assert both.fr != both.en


def test_a_cat_greets_by_its_name_and_knows_one_fact():
    greeting = words.greeting(cat_of("felix"))
    assert greeting.fr != greeting.en
    assert all(words.name("felix") in text for text in (greeting.fr, greeting.en))
    assert {words.fact(cat) for cat in CATS} == set(words.words().facts)


def test_every_trait_has_its_words():
    texts = words.words()
    assert set(texts.moods) == set(texts.greetings) == set(MOODS)
    assert {words.breed(cat_of(str(number))) for number in range(5000)} == set(texts.breeds)
    assert len(set(texts.names)) == len(texts.names) > 96


def test_french_is_set_as_french():
    """A narrow no-break space before ! ? ; and a curly apostrophe, in every text."""
    texts = words.words()
    pairs = [*texts.moods.values(), *texts.greetings.values(), *texts.facts, *texts.coats.values(), texts.alt]
    for text in (pair.fr for pair in pairs):
        assert not re.search(r"[^\u202f][!?;]|[^\u00a0]:|'", text)


def test_a_portrait_may_be_cached_for_good(client):
    answer = client.get("/cats/felix.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get("/cats/felix.svg", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    paths = ["/cats/a.svg", "/cats/b.svg", "/cats/a.svg?mood=grumpy", "/cats/a.svg?mood=happy"]
    assert len({client.get(path).headers["ETag"] for path in paths}) == 4


@pytest.mark.parametrize(("query", "count"), [("", 24), ("?count=3", 3), ("?count=96", 96)])
def test_the_wall_over_http(client, query, count):
    assert len(client.get(f"/api/cats{query}").json["cats"]) == count


def test_walls_differ_by_name_and_cards_lead_to_portraits(client):
    walls = [client.get(f"/api/cats?count=2&wall={name}").json["cats"] for name in ("home", "north", "home")]
    assert walls[0] == walls[2] != walls[1]
    for cat in walls[0]:
        assert f"{cat['name']}. {cat['alt']['en']}</title>" in client.get(cat["image"]).text
