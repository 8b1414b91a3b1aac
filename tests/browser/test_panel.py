"""Backstage: three questions, answered from live data; broken hops explained; faults switched on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Person, Program

PROBE = {"User-Agent": "kube-probe/1.36"}
MIB = 1 << 20


def opened(visitor: Person) -> Person:
    visitor.one(".sign [data-opens=panel]").click()
    visitor.until("document.querySelector('#panel .pod')", "no room is drawn")
    return visitor


def test_three_questions_in_order(visitor: Person) -> None:
    opened(visitor)
    asked = [title.text for title in visitor.all("#panel h3")]
    assert asked == ["Who answered me?", "Is it well?", "How did I get here?", "What if…?"]
    assert visitor.text("#panel-who .pod-badge code") == "k8-chatroulette-back"
    assert "version 1.2.3" in visitor.text("#panel-who .pod-badge")
    assert visitor.text(".pod .ready b") == "● ready"
    visitor.reads(".pod .ready", "stream")
    stops = [stop.get_attribute("data-state") for stop in visitor.all(".path > li")]
    assert stops == ["lit"] * 5
    assert not visitor.complaints()


def test_it_is_remembered_and_gives_the_focus_back(visitor: Person) -> None:
    opened(visitor)
    visitor.browser.refresh()
    visitor.until("document.querySelector('#panel .pod')", "it is closed after a reload")
    button = visitor.one(".sign [data-opens=panel]")
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    visitor.until("document.getElementById('panel').hidden", "it did not close")
    button.click()
    visitor.until("!document.getElementById('panel').hidden", "it did not open")
    visitor.keys(Keys.ESCAPE)
    visitor.until("document.getElementById('panel').hidden", "Escape did not close it")
    assert visitor.browser.switch_to.active_element == button


def test_it_asks_only_while_it_is_open(visitor: Person) -> None:
    """Every two seconds while open, seldom when closed."""
    opened(visitor)
    visitor.browser.execute_script(COUNT)
    visitor.until("window.asked.length >= 3", "it does not ask again")
    gaps = visitor.browser.execute_script("return window.asked.slice(1).map((at, i) => at - window.asked[i])")
    assert all(1500 < gap < 4500 for gap in gaps), gaps


COUNT = """
window.asked = [];
const real = window.fetch;
window.fetch = (...all) => { if (all[0] === '/api/house') window.asked.push(performance.now()); return real(...all); };
"""


def test_knocks_appear_as_they_come(visitor: Person, own_backend: Program) -> None:
    """A tick for each probe, in the lane of its kind; a refusal by sign, status and reason."""
    opened(visitor)
    lane = ".pod .lane [aria-label^='readyz']"
    requests.get(f"{own_backend.url}/readyz", headers=PROBE, timeout=5)
    requests.get(f"{own_backend.url}/livez", headers=PROBE, timeout=5)
    visitor.until(f'document.querySelectorAll("{lane} .tick").length >= 1', "no knock is shown")
    requests.post(f"{own_backend.url}/faults/readiness", json={"seconds": 60}, timeout=5).raise_for_status()
    requests.get(f"{own_backend.url}/readyz", headers=PROBE, timeout=5)
    visitor.reads(".pod .failures", "readyz 503")
    visitor.reads(".pod .ready b", "○ not ready")
    assert "refused" in str(visitor.one(lane).get_attribute("aria-label"))
    visitor.reads(".active-faults li", "s left")
    visitor.click(".active-faults button")
    visitor.reads(".pod .ready b", "● ready")
    assert not visitor.all(".active-faults li")


def test_a_fault_is_switched_on_and_undone(visitor: Person) -> None:
    """Each with its sentence, its lesson and its default values; it counts down, and can be undone."""
    opened(visitor)
    visitor.until("document.querySelectorAll('.fault').length >= 10", "not every fault is offered")
    visitor.browser.execute_script("document.querySelector('.fault:nth-of-type(6)').open = true")
    fault = visitor.one(".fault[open]")
    assert fault.find_element("css selector", "summary").text.startswith("latency")
    assert "Lesson: " in fault.text
    assert Select(visitor.one("#fault-pod")).first_selected_option.text == "k8-chatroulette-back"
    field = visitor.one("#fault-latency-milliseconds")
    field.clear()
    field.send_keys("40", Keys.ENTER)
    visitor.reads(".active-faults li", "latency")
    assert visitor.text(".pod .fault-on") == "Fault switched on: latency"
    visitor.click(".active-faults button")
    visitor.until("!document.querySelector('.active-faults li')", "it was not undone")


def test_the_chosen_pod_stays_chosen(visitor: Person) -> None:
    """Whoever answers, and whoever goes; what has gone is said, and nothing is sent to it."""
    first, second = pod("back-a"), pod("back-b")
    visitor.browser.execute_script(SHOW, [house(second, first), house(second, first), house(first)])
    opened(visitor)
    visitor.until("document.querySelectorAll('#fault-pod option').length === 2", "not both are offered")
    choice = Select(visitor.one("#fault-pod"))
    assert [option.text for option in choice.options] == ["back-a", "back-b"]
    choice.select_by_value("back-b")
    visitor.until(lambda: choice.first_selected_option.text == "back-b has gone", "nothing says that it has gone")
    visitor.browser.execute_script("document.querySelector('.fault:nth-of-type(6)').open = true")
    visitor.click(".fault[open] button")
    visitor.reads("#panel-if > div > [role=status]", "back-b has gone")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param("", "must be a whole number from", id="empty"),
        pytest.param("1.5", "must be a whole number from", id="not whole"),
        pytest.param("9999", "must be a whole number from 1 to 300", id="too much"),
    ],
)
def test_a_field_that_cannot_be_meant(visitor: Person, given: str, said: str) -> None:
    """It is refused in words, and nothing is sent with a default instead."""
    opened(visitor)
    visitor.until("document.querySelectorAll('.fault').length >= 10", "not every fault is offered")
    visitor.browser.execute_script("document.querySelector('.fault:nth-of-type(6)').open = true")
    field = visitor.one("#fault-latency-seconds")
    field.clear()
    field.send_keys(given, Keys.ENTER)
    visitor.reads("#panel-if > div > [role=status]", said)
    assert not visitor.all(".active-faults li")


def test_a_broken_hop_says_what_to_try(visitor: Person, own_backend: Program) -> None:
    """What was tried, resolved and seen, and why; the command is copied."""
    opened(visitor)
    own_backend.kill()
    visitor.reads(".path .note", "ECONNREFUSED")
    assert visitor.text(".path li[data-state=broken] .stage b") == "✕ Service"
    assert own_backend.url in visitor.text(".path .note dl")
    grant = {"permissions": ["clipboardReadWrite"], "origin": visitor.url}
    visitor.browser.execute_cdp_cmd("Browser.grantPermissions", grant)
    visitor.one(".commands button").click()
    visitor.reads(".commands button", "Copied")
    copied = visitor.browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == visitor.text(".commands code")
    assert copied.startswith("kubectl ")
    own_backend.start()
    visitor.until("!document.querySelector('.path .note')", "it did not recover by itself")


def pod(name: str, **changed: object) -> dict[str, Any]:
    container = {
        "name": "back",
        "cpu_request_millicores": 100,
        "memory_request_bytes": 64 * MIB,
        "cgroup_version": 2,
        "cpu": {"limit_cores": 1.0, "used_seconds": 10.0, "periods": 100, "throttled_periods": 0},
        "memory": {"limit_bytes": 128 * MIB, "used_bytes": 60 * MIB, "working_set_bytes": 48 * MIB, "oom_kills": 0},
    }
    return {
        "pod": name,
        "node": "cats-worker",
        "version": "1.2.3",
        "colour": "#2e8b6f",
        "at": "2026-01-01T12:05:00Z",
        "container": container,
        "ready": True,
        "phase": "serving",
        "streams": 3,
        "lives": [{"started_at": "2026-01-01T12:00:00Z", "ended_at": None, "how": None, "code": None}],
        "probes": [],
        "faults": [],
        **changed,
    }


LIVES = [
    {"started_at": "2026-01-01T12:00:00Z", "ended_at": "2026-01-01T12:02:00Z", "how": "oom", "code": 137},
    {"started_at": "2026-01-01T12:02:01Z", "ended_at": None, "how": None, "code": None},
]
PROBES = [
    {"at": "2026-01-01T12:01:00Z", "kind": "readyz", "status": 200, "reason": None},
    {"at": "2026-01-01T12:03:00Z", "kind": "livez", "status": 503, "reason": "tired"},
]
SHOW = """
const houses = arguments[0];
const real = window.fetch;
window.fetch = async (...all) => (all[0] === '/api/house'
  ? new Response(JSON.stringify(houses.length > 1 ? houses.shift() : houses[0]), { status: 200 }) : real(...all));
"""


def house(*pods: dict[str, Any]) -> dict[str, Any]:
    store = {"kind": "redis", "ok": True, "reason": None, "url": "redis://redis:6379/0"}
    census = {"visitors": 2, "waiting": 0, "chats": 1, "windows": []}
    return {"answered_by": pods[0]["pod"], "census": census, "store": store, "pods": pods}


def test_limits_lives_and_replicas(visitor: Person) -> None:
    """Use, request and limit are marked; throttling comes from two readings; OOM kills tear; restarts are walls."""
    first, later = pod("back-a", lives=LIVES, probes=PROBES), pod("back-a", lives=LIVES, probes=PROBES)
    cpu = {"limit_cores": 1.0, "used_seconds": 11.0, "periods": 200, "throttled_periods": 25}
    memory = {**first["container"]["memory"], "oom_kills": 1}
    later |= {"at": "2026-01-01T12:05:02Z", "container": {**first["container"], "cpu": cpu, "memory": memory}}
    visitor.browser.execute_script(SHOW, [house(first), house(pod("back-b", ready=False), later)])
    opened(visitor)
    visitor.reads(".pod .limits", "throttled in 25% of the periods")
    said = visitor.text(".pod .limits").replace("\u00a0", " ")
    for words in ("0.5 CPU used", "request 0.1 CPU", "limit 1 CPU", "48 MiB used", "limit 128 MiB", "1 OOM kill"):
        assert words in said
    assert len(visitor.all(".pod .torn")) == 1
    assert visitor.browser.execute_script("return document.querySelector('.request').style.left") == "10%"
    assert visitor.browser.execute_script("return document.querySelector('.hatch').style.width") == "12.5%"
    assert (
        visitor.browser.execute_script(
            "return parseFloat(document.querySelector('.restart-marks .restart-mark').style.left)"
        )
        < 50
    )
    assert "out of memory, code 137" in visitor.text(".restarts")
    assert "livez 503" in visitor.text(".failures")
    assert [room.get_attribute("aria-label") for room in visitor.all(".pod")] == ["back-a", "back-b"], "by name"
    visitor.reads("#panel-well", "2 Pods are seen, 1 of them ready.")


def test_readings_are_not_kept_for_ever(visitor: Person) -> None:
    """Of a hundred Pods that came and went, the last are remembered for their use, the first are not."""
    names = [f"back-{number}" for number in range(100)]
    now, later = [pod(name) for name in names], [pod(name, at="2026-01-01T12:05:02Z") for name in names]
    said = visitor.browser.execute_async_script(READ, visitor.module("panel/limits.js"), now, later)
    assert "measuring" in said[0]
    assert "0 CPU used" in said[1].replace("\u00a0", " ")


READ = """
const [path, now, later, done] = arguments;
import(path).then(({ limits }) => {
  now.forEach(limits);
  done([limits(later.at(0)).textContent, limits(later.at(-1)).textContent]);
}, (error) => done([String(error), '']));
"""


@pytest.mark.parametrize("width", [390, 1280])
def test_beside_or_from_below(person: Callable[..., Person], width: int) -> None:
    """From 1100 px the wall moves over and stays usable; below, the panel is a sheet. Nothing scrolls sideways."""
    visitor = person()
    visitor.size(width)
    opened(visitor.visit())
    wall, panel = visitor.one("#windows").rect, visitor.one("#panel").rect
    beside = width >= 1100
    assert (wall["x"] + wall["width"] <= panel["x"]) is beside
    assert visitor.browser.execute_script("return document.documentElement.scrollWidth") <= width
    if beside:
        visitor.knock()
        visitor.meets()
        assert visitor.one("#chat").rect["x"] + visitor.one("#chat").rect["width"] <= panel["x"]
        visitor.reads(".pod .ready", "stream")
