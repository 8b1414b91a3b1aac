"""The panel: three questions, answered from live data; broken stages explained; faults switched on and off."""

import pytest
import requests
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

PROBE = {"User-Agent": "kube-probe/1.36"}
MIB = 1 << 20
MESSAGE = "#panel-if > div > [role=status]:last-child"


def open_panel(visitor):
    visitor.find(".sign [data-opens=panel]").click()
    visitor.until("document.querySelector('#panel .pod')", "no Pod is shown")
    return visitor


@pytest.fixture
def panel(visitor):
    """A visitor with the panel open."""
    return open_panel(visitor)


@pytest.fixture
def latency(panel):
    """A visitor with the form of one fault open."""
    panel.until("document.querySelectorAll('.fault').length >= 10", "not every fault is offered")
    panel.run("document.querySelector('.fault:has(#fault-latency-milliseconds)').open = true")
    return panel


def test_three_questions_in_order(panel):
    titles = [title.text for title in panel.find_all("#panel h3")]
    assert titles == ["Who answered me?", "Is it well?", "How did I get here?", "What if…?"]
    assert panel.text("#panel-who .pod-badge code") == "k8-chatroulette-back"
    assert "version 1.2.3" in panel.text("#panel-who .pod-badge")
    panel.reads(".pod .ready b", "● ready")
    panel.reads(".pod .ready", "stream")
    assert [stage.get_attribute("data-state") for stage in panel.find_all(".path > li")] == ["lit"] * 5
    assert not panel.console_errors()


def test_it_is_remembered_and_gives_the_focus_back(panel):
    panel.browser.refresh()
    panel.until("document.querySelector('#panel .pod')", "it is closed after a reload")
    button = panel.find(".sign [data-opens=panel]")
    for is_open in ("false", "true"):
        button.click()
        panel.until(f"document.querySelector('.sign [aria-expanded={is_open}]')", "the button does nothing")
    panel.press(Keys.ESCAPE)
    panel.until("document.getElementById('panel').hidden", "Escape did not close it")
    assert panel.browser.switch_to.active_element == button


def test_it_polls_faster_while_it_is_open(panel):
    """Every two seconds while open, every five when closed."""
    panel.run("""
    const realSetTimeout = window.setTimeout;
    window.delays = [];
    window.setTimeout = (callback, delay) => (window.delays.push(delay), realSetTimeout(callback, delay));
    """)
    panel.until("window.delays.includes(2000)", "it does not poll")
    assert 5000 not in panel.run("return window.delays")
    panel.find("#panel-close").click()
    panel.until("window.delays.includes(5000)", "it polls as fast as before")


def test_probes_appear_as_they_come(panel, own_backend):
    """A tick for each probe, in the lane of its kind; a refusal by sign, status and reason."""
    lane = ".pod .lane [aria-label^='readyz']"
    for path in ("readyz", "livez"):
        requests.get(f"{own_backend.url}/{path}", headers=PROBE, timeout=20)
    panel.until(f'document.querySelectorAll("{lane} .tick").length >= 1', "no probe is shown")
    requests.post(f"{own_backend.url}/faults/readiness", json={"seconds": 60}, timeout=20).raise_for_status()
    requests.get(f"{own_backend.url}/readyz", headers=PROBE, timeout=20)
    panel.reads(".pod .failures", "readyz 503")
    panel.reads(".pod .ready b", "○ not ready")
    assert "refused" in panel.find(lane).get_attribute("aria-label")
    panel.reads(".active-faults li", "s left")
    panel.click(".active-faults button")
    panel.reads(".pod .ready b", "● ready")
    assert not panel.find_all(".active-faults li")


def test_a_fault_is_switched_on_and_undone(latency):
    """Each with its sentence, its lesson and its default values; it counts down, and can be undone.

    A field that is invalid is rejected in words, and nothing is sent with a default instead.
    """
    fault = latency.find(".fault[open]")
    assert fault.find_element("css selector", "summary").text.startswith("latency")
    assert "Lesson: " in fault.text
    assert Select(latency.find("#fault-pod")).first_selected_option.text == "k8-chatroulette-back"
    seconds = latency.find("#fault-latency-seconds")
    default = seconds.get_attribute("value")
    for value in ("", "1.5", "9999"):
        seconds.clear()
        seconds.send_keys(value, Keys.ENTER)
        latency.reads(MESSAGE, "must be a whole number from 1 to 300")
        latency.run("document.querySelector(arguments[0]).textContent = ''", MESSAGE)
    assert not latency.find_all(".active-faults li")
    seconds.clear()
    seconds.send_keys(default)
    milliseconds = latency.find("#fault-latency-milliseconds")
    milliseconds.clear()
    milliseconds.send_keys("40", Keys.ENTER)
    latency.reads(".active-faults li", "latency")
    assert latency.text(".pod .fault-on") == "Fault switched on: latency"
    latency.click(".active-faults button")
    latency.until("!document.querySelector('.active-faults li')", "it was not undone")


def test_what_if_stays_in_reach(latency):
    """A fault may keep the Service from sending anything on: what is undone waits, and says why."""
    latency.run("document.querySelector('.fault[open] form').requestSubmit()")
    latency.reads(".active-faults li", "latency")
    away = {"status": 502, "body": {"detail": "no endpoints"}, "headers": {"Content-Type": "application/problem+json"}}
    for suffix in ("/api/house", "/faults/latency"):
        latency.mock(suffix, away)
    latency.reads("#panel-well", "No reading")
    assert latency.find("#panel-if .quiet").is_displayed()
    latency.click(".active-faults button")
    latency.reads(MESSAGE, "latency waits: no endpoints")
    latency.unmock("/faults/latency")
    latency.reads(MESSAGE, "latency is undone")
    latency.unmock("/api/house")
    latency.until("document.querySelector('#panel-if .quiet').hidden", "it still waits")


def test_a_reason_is_told_once_in_the_language_of_the_page(person):
    visitor = person("fr")
    reasons = ["fault: readiness is told to fail"]
    visitor.mock("/api/backend", {"merge": {"hop": "not_ready", "stage": "pod", "reasons": reasons}}, inject=True)
    open_panel(visitor.visit()).reads("#panel-way .note", "panne\u00a0: readiness échoue sur ordre")
    assert "told to fail" not in visitor.text("#panel")


def test_a_broken_stage_says_what_to_try(panel, own_backend):
    """What was tried, resolved and seen, and why; the command is copied."""
    own_backend.kill()
    panel.reads(".path .note", "ECONNREFUSED")
    assert panel.text(".path li[data-state=broken] .stage b") == "✕ Service"
    assert own_backend.url in panel.text(".path .note dl")
    grant = {"permissions": ["clipboardReadWrite"], "origin": panel.url}
    panel.browser.execute_cdp_cmd("Browser.grantPermissions", grant)
    panel.find(".commands button").click()
    panel.reads(".commands button", "Copied")
    copied = panel.browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == panel.text(".commands code")
    assert copied.startswith("kubectl ")
    own_backend.start()
    panel.until("!document.querySelector('.path .note')", "it did not recover by itself")


RUNNING = {"started_at": "2026-01-01T12:02:01Z", "ended_at": None, "how": None, "code": None}
OOM_KILLED = {"started_at": "2026-01-01T12:00:00Z", "ended_at": "2026-01-01T12:02:00Z", "how": "oom", "code": 137}
PROBES = [
    {"at": "2026-01-01T12:01:00Z", "kind": "readyz", "status": 200, "reason": None},
    {"at": "2026-01-01T12:03:00Z", "kind": "livez", "status": 503, "reason": "tired"},
]


def container(used_seconds=10.0, periods=100, throttled_periods=0, oom_kills=0):
    cpu = {"used_seconds": used_seconds, "periods": periods, "throttled_periods": throttled_periods}
    memory = {"limit_bytes": 128 * MIB, "used_bytes": 60 * MIB, "working_set_bytes": 48 * MIB, "oom_kills": oom_kills}
    requested = {"cpu_request_millicores": 100, "memory_request_bytes": 64 * MIB}
    return {"name": "back", "cgroup_version": 2, "cpu": {"limit_cores": 1.0, **cpu}, "memory": memory, **requested}


def pod(name, **changes):
    identity = {"pod": name, "node": "cats-worker", "version": "1.2.3", "colour": "#2e8b6f"}
    state = {"ready": True, "phase": "serving", "streams": 3, "lives": [RUNNING], "probes": [], "faults": []}
    return identity | state | {"at": "2026-01-01T12:05:00Z", "container": container()} | changes


def status(*pods):
    """A reply of /api/house."""
    store = {"kind": "redis", "ok": True, "reason": None, "url": "redis://redis:6379/0"}
    census = {"visitors": 2, "waiting": 0, "chats": 1, "windows": []}
    body = {"answered_by": pods[0]["pod"], "census": census, "store": store, "pods": pods}
    return {"status": 200, "body": body}


def test_limits_restarts_and_replicas(visitor):
    """Use, request and limit are marked; throttling comes from two readings; OOM kills tear; restarts are marked."""
    history = {"lives": [OOM_KILLED, RUNNING], "probes": PROBES}
    later = {"at": "2026-01-01T12:05:02Z", "container": container(11.0, 200, 25, oom_kills=1)}
    first, second = pod("back-a", **history), pod("back-a", **history, **later)
    visitor.mock("/api/house", status(first))
    open_panel(visitor).reads(".pod .limits", "limit 128")
    visitor.mock("/api/house", status(pod("back-b", ready=False), second))
    visitor.reads(".pod .limits", "throttled in 25% of the periods")
    shown = visitor.text(".pod .limits").replace("\u00a0", " ")
    for text in ("0.5 CPU used", "request 0.1 CPU", "limit 1 CPU", "48 MiB used", "limit 128 MiB", "1 OOM kill"):
        assert text in shown
    assert len(visitor.find_all(".pod .torn")) == 1
    assert visitor.run("return document.querySelector('.request').style.left") == "10%"
    assert visitor.run("return document.querySelector('.hatch').style.width") == "12.5%"
    assert visitor.run("return parseFloat(document.querySelector('.restart-mark').style.left)") < 50
    assert "out of memory, code 137" in visitor.text(".restarts")
    assert "livez 503" in visitor.text(".failures")
    assert [article.get_attribute("aria-label") for article in visitor.find_all(".pod")] == ["back-a", "back-b"], (
        "by name"
    )
    visitor.reads("#panel-well", "2 Pods are seen, 1 of them ready.")


def test_the_selected_pod_stays_selected(visitor):
    """Whoever answers, and whoever goes; what has gone is named, and nothing is sent to it."""
    first, second = pod("back-a"), pod("back-b")
    visitor.mock("/api/house", status(second, first))
    open_panel(visitor).until("document.querySelectorAll('#fault-pod option').length === 2", "not both are offered")
    choice = Select(visitor.find("#fault-pod"))
    assert [option.text for option in choice.options] == ["back-a", "back-b"]
    choice.select_by_value("back-b")
    visitor.mock("/api/house", status(first))
    visitor.until(lambda: choice.first_selected_option.text == "back-b has gone", "nothing says that it has gone")
    visitor.run("document.querySelector('.fault').open = true")
    visitor.click(".fault[open] button")
    visitor.reads(MESSAGE, "back-b has gone")


def test_the_newest_eighty_readings_are_kept(visitor):
    """Of a hundred Pods that came and went, the last are remembered for their use, the first are not."""
    pods = [[pod(f"back-{number}", at=f"2026-01-01T12:05:{at}Z") for number in range(100)] for at in ("00", "02")]
    first, last = visitor.browser.execute_async_script(READ_LIMITS, visitor.module("panel/limits.js"), *pods)
    assert "measuring" in first
    assert "0 CPU used" in last.replace("\u00a0", " ")


READ_LIMITS = """
const [path, pods, later, done] = arguments;
import(path).then(({ limits }) => {
  pods.forEach(limits);
  done([limits(later.at(0)).textContent, limits(later.at(-1)).textContent]);
}, (error) => done([String(error), '']));
"""


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_mark_is_on_its_line(person, language):
    """And nothing of the header lies over the cat on the roof, at any width, beside the panel or without it."""
    visitor = person(language).visit()
    assert over_the_cat(visitor) == []
    assert over_the_cat(open_panel(visitor)) == []
    marks = visitor.run(MARKS)
    assert len(marks) == 5
    assert all(abs(distance) <= 3 for distance, _ in marks), marks
    assert all(gap < 16 for _, gap in marks), marks


def over_the_cat(visitor):
    found = []
    for width in (320, 640, 768, 1024, 1100, 1280, 1440, 1600, 1920):
        visitor.size(width)
        found += [(width, label) for label in visitor.run(OVER_THE_CAT)]
    return found


MARKS = """
return [...document.querySelectorAll('.path .mark')].map((mark) => {
  const range = document.createRange();
  range.selectNodeContents(mark.nextSibling);
  const [sign, label] = [mark.getBoundingClientRect(), range.getBoundingClientRect()];
  return [(sign.top + sign.bottom - label.top - label.bottom) / 2, label.left - sign.right];
});
"""
OVER_THE_CAT = """
const cat = document.querySelector('.ridge').getBoundingClientRect();
return [...document.querySelectorAll('.sign button, .sign p')].filter((button) => {
  const box = button.getBoundingClientRect();
  return box.right > cat.left && box.left < cat.right && box.bottom > cat.top && box.top < cat.bottom;
}).map((button) => button.textContent);
"""


@pytest.mark.parametrize("width", [390, 1280])
def test_beside_or_from_below(person, width):
    """From 1100 px the grid moves over and stays usable; below, the panel is a sheet. Nothing scrolls sideways."""
    visitor = person()
    visitor.size(width)
    open_panel(visitor.visit())
    grid, panel = visitor.find("#windows").rect, visitor.find("#panel").rect
    is_beside = width >= 1100
    assert (grid["x"] + grid["width"] <= panel["x"]) is is_beside
    assert visitor.run("return document.documentElement.scrollWidth") <= width
    if is_beside:
        visitor.choose_cat()
        visitor.meets()
        dialog = visitor.find("#chat").rect
        assert dialog["x"] + dialog["width"] <= panel["x"]
        visitor.reads(".pod .ready", "stream")
