"""The lessons on a terminal's screen, in plain lines, and in the browser."""

import asyncio
import functools

import pytest

from lab.errors import LabError
from lab.learn import web
from lab.learn.plain import PlainView
from lab.learn.screens import Learn, LessonScreen
from lab.lessons import definition


@pytest.fixture
def plain(lesson, make_learner, monkeypatch):
    monkeypatch.setattr(definition, "lessons", lambda: (lesson,))

    def run(*words, language="en"):
        lines = []
        view = PlainView((lesson,), functools.partial(make_learner, language=language), language, lines.append)
        view.run(words)
        return lines

    return run


def test_plain_lines_make_sense_when_read_aloud(plain, cluster):
    cluster.pod("dog")
    lines = plain("5", "check", "quit", "check")
    assert lines[0] == "○  5  Sample  (5 min)"
    assert "A Pod runs. holds: dog Running" in lines
    assert "It is a cat. does not hold yet: dog Running" in lines
    assert lines.count("A Pod runs. holds: dog Running") == 1


def test_plain_lines_are_of_one_language(plain, cluster):
    cluster.pod("cat")
    lines = plain("sample", "check", language="fr")
    assert any(line.startswith("## Explication") for line in lines)
    assert not any("Explanation" in line or "holds" in line for line in lines)


def test_a_wrong_word_goes_on(plain):
    lines = plain("7", "check", "sample", "hint")
    assert lines[2].startswith("there is no lesson '7'")
    assert lines[3].startswith("Choose a lesson first")
    assert lines[-1] == "Look around."


def on_screen(lesson, make_learner, keys, shows, language="en"):
    """Press keys on a screen of 80 by 24, and wait until a lesson is open that shows these words."""

    async def run():
        app = Learn((lesson,), functools.partial(make_learner, language=language), language)
        async with app.run_test(size=(80, 24)) as pilot:
            for key in keys:
                await pilot.press(key)
            for _ in range(100):
                await pilot.pause(0.05)
                text = str(app.screen.query_one("#verdicts").content) if isinstance(app.screen, LessonScreen) else ""
                if all(word in text for word in shows):
                    break
            await pilot.press("escape")
            return text

    return asyncio.run(run())


def test_the_screen_shows_verdicts(lesson, make_learner, cluster):
    text = on_screen(lesson, make_learner, ["enter"], ["A Pod runs."])
    assert "A Pod runs." in text
    assert cluster.asked[:2] == ["start", "choose_namespace"]


def test_the_screen_says_when_it_is_passed_and_stays(lesson, make_learner, cluster):
    cluster.pod("cat")
    assert "Réussi." in on_screen(lesson, make_learner, ["enter"], ["Réussi."], "fr")


def test_a_cluster_that_is_away_is_said_on_the_screen(lesson, make_learner, monkeypatch):
    def away(*_):
        raise LabError("the API server does not answer", "make kind-up")

    monkeypatch.setattr("lab.lessons.check.state.read", away)
    assert "make kind-up" in on_screen(lesson, make_learner, ["enter"], ["make kind-up"])


def test_escape_leads_back_to_the_list(lesson, make_learner):
    assert on_screen(lesson, make_learner, ["enter", "escape"], []) == ""


@pytest.fixture
def browser(lesson, make_learner):
    return web.create_app((lesson,), make_learner, "en").test_client()


def post(browser, path, **headers):
    return browser.post(path, json={}, headers=headers)


def test_the_page_is_in_the_asked_language(browser):
    assert "Sample" in browser.get("/").text
    page = browser.get("/lessons/sample?lang=fr").text
    assert '<html lang="fr">' in page
    assert "<h1>5. Exemple</h1>" in page


def test_the_picture_is_of_the_live_cluster(browser, cluster):
    cluster.pod("cat")
    state = browser.get("/lessons/sample/state").get_json()
    assert (state["passed"], [verdict["outcome"] for verdict in state["verdicts"]]) == (True, ["pass", "pass"])
    assert state["picture"]["pods"][0]["name"] == "cat"


def test_the_explanation_comes_after_passing(browser, cluster):
    assert browser.get("/lessons/sample/explanation").status_code == 404
    cluster.pod("cat")
    browser.get("/lessons/sample/state")
    assert "<p>So.</p>" in browser.get("/lessons/sample/explanation").get_json()["html"]


def test_a_hint_a_solution_a_reset(browser, cluster):
    assert post(browser, "/lessons/sample/hint").get_json() == {"steps": ["Look around."], "more": True}
    assert post(browser, "/lessons/sample/solution").get_json() == {"solution": "echo a cat"}
    assert post(browser, "/lessons/sample/reset").get_json() == {"ok": True}
    assert "reset" in cluster.asked


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(lambda browser: browser.get("/", headers={"Host": "evil.example"}), id="another host"),
        pytest.param(lambda browser: browser.post("/lessons/sample/reset", data="{}"), id="no JSON"),
        pytest.param(
            lambda browser: post(browser, "/lessons/sample/reset", **{"Sec-Fetch-Site": "cross-site"}),
            id="another site",
        ),
    ],
)
def test_strangers_are_refused(browser, request_, cluster):
    assert request_(browser).status_code == 403
    assert cluster.asked == []


def test_an_unknown_lesson_is_404(browser):
    assert browser.get("/lessons/nothing").status_code == 404
