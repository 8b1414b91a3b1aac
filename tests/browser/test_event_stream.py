"""The line to the backend, with an EventSource that does what it is told: whatever it meets, it does not hammer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Person

OPENED = """
const [path, ways, most, done] = arguments;
const opened = [];
let asked = 0;
class Source extends EventTarget {
  constructor() {
    super();
    opened.push(performance.now());
    setTimeout(() => this.go(ways[Math.min(opened.length, ways.length) - 1]));
    if (opened.length === most) end();
  }
  go(way) {
    if (way !== 'refused') this.dispatchEvent(new MessageEvent('hello', { data: '{}' }));
    if (way === 'moved') this.dispatchEvent(new MessageEvent('move', { data: '{}' }));
    this.readyState = way === 'refused' ? 2 : 1;
    if (way === 'refused') this.dispatchEvent(new Event('error'));
  }
  close() {}
}
Object.assign(Source, { CLOSED: 2 });
window.EventSource = Source;
window.fetch = async () => (asked++, new Response('', { status: 200 }));
const end = () => setTimeout(() => {
  stream.close();
  done({ asked, gaps: opened.slice(1).map((at, index) => at - opened[index]) });
}, 100);
setTimeout(end, 3000);
let stream;
const handlers = { onEvent() {}, onDisconnect() {}, onRefused: () => true };
import(path).then(({ openEventStream }) => (stream = openEventStream('/events', handlers)));
"""


@pytest.mark.parametrize(
    ("ways", "most", "asked", "growth"),
    [
        pytest.param(["moved"], 4, 0, 2.0, id="moved again and again: it waits longer each time"),
        pytest.param(["refused"], 4, 3, 2.0, id="refused, though asking is answered: no faster"),
        pytest.param(["refused", "moved", "stays"], 4, 1, None, id="a late answer costs one move"),
    ],
)
def test_it_does_not_hammer(visitor: Person, ways: list[str], most: int, asked: int, growth: float | None) -> None:
    path = visitor.module("event_stream.js")
    visitor.browser.get(f"{visitor.url}/livez")
    seen = visitor.browser.execute_async_script(OPENED, path, ways, most)
    assert seen["asked"] in {asked, asked + (growth is not None and asked > 0)}
    if growth is None:
        assert len(seen["gaps"]) == len(ways) - 1
    else:
        assert seen["gaps"][2] > growth * seen["gaps"][0], seen
