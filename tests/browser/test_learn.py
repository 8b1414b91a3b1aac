"""The lessons in a browser: live, in both languages, at any width, with nothing for axe to find."""

import threading

import pytest
from werkzeug.serving import make_server

from lab import config
from lab.learn import web
from lab.lessons import definition

from ..unit.lab.lessons.conftest import cluster, make_learner  # noqa: F401, TID252 - the same made-up cluster
from .conftest import Person, start_browser
from .test_access import axe, in_both_themes  # noqa: F401 - a fixture is used by its name


@pytest.fixture
def settings(tmp_path):
    return config.load({"LAB_CACHE": str(tmp_path), "LAB_IMAGES": "packages"})


@pytest.fixture(scope="module")
def browser(programs, tmp_path_factory):
    browser = start_browser(programs, "en", tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def learner_at(browser, make_learner):  # noqa: F811 - the fixture
    """Somebody at a lesson of the course, on the made-up cluster; the server ends with the test."""
    lessons = definition.lessons()
    server = make_server("127.0.0.1", 0, web.create_app(lessons, make_learner, "en"), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def bring(path, width=1280):
        person = Person(browser, f"http://localhost:{server.port}{path}")
        person.size(width, motion="reduce")
        browser.get_log("browser")
        browser.get(person.url)
        return person

    yield bring
    browser.get("about:blank")
    server.shutdown()
    thread.join(10)


@pytest.mark.parametrize(("language", "width"), [("fr", 390), ("en", 1280)])
def test_axe_finds_nothing(learner_at, axe, language, width):  # noqa: F811 - fixtures
    """The list, a lesson that is not passed, with a hint and the solution, and one that is."""
    person = learner_at(f"/?lang={language}", width)
    problems = {"list": in_both_themes(person, axe, width)}
    person = learner_at(f"/lessons/first-pod?lang={language}", width)
    person.until("document.querySelectorAll('#verdicts li').length", "no verdict came")
    person.click("[data-action=hint]")
    person.click("[data-action=solution]")
    person.until("!document.getElementById('solution').hidden", "no solution came")
    problems["lesson"] = in_both_themes(person, axe, width)
    assert person.run("return document.documentElement.scrollWidth <= innerWidth"), "it is wider than the screen"
    assert {name: found for name, found in problems.items() if found} == {}
    assert person.console_errors() == []


def test_what_happens_on_the_cluster_is_seen_at_once(learner_at, cluster):  # noqa: F811 - a fixture
    person = learner_at("/lessons/first-pod")
    person.until("document.querySelector('#verdicts [data-outcome=fail]')", "no verdict came")
    cluster.pod("mypod")
    cluster.state["pods"][0] |= {
        "images": ["busybox"],
        "containers": [{"name": "mypod", "image": "busybox", "state": "running", "reason": "running", "restarts": 0}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    }
    person.reads("#picture", "mypod")
    person.reads("#message", "Passed.")
    person.reads("#explanation", "Explanation")
