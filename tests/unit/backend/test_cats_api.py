import msgspec
import pytest

from backend.cats.cards import Wall


def test_a_portrait_may_be_kept_for_good(client):
    answer = client.get("/cats/felix.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get("/cats/felix.svg", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_seeds_and_moods_have_tags_of_their_own(client):
    paths = ["/cats/a.svg", "/cats/b.svg", "/cats/a.svg?mood=grumpy", "/cats/a.svg?mood=happy"]
    assert len({client.get(path).headers["ETag"] for path in paths}) == 4


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param("", 24, id="default"),
        pytest.param("?count=3", 3, id="three"),
        pytest.param("?count=96", 96, id="most"),
    ],
)
def test_the_wall(client, query, count):
    wall = msgspec.json.decode(client.get(f"/api/cats{query}").data, type=Wall)
    assert len(wall.cats) == count


def test_walls_differ_by_name(client):
    walls = [client.get(f"/api/cats?count=2&wall={name}").json["cats"] for name in ("home", "north", "home")]
    assert walls[0] == walls[2] != walls[1]


def test_a_card_leads_to_its_portrait(client):
    for cat in client.get("/api/cats?count=5").json["cats"]:
        portrait = client.get(cat["image"]).text
        assert "<title" in portrait
        assert f"{cat['name']}. {cat['alt']['en']}" in portrait
