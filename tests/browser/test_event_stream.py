"""The event stream, with an EventSource and timers that do what they are told: whatever it meets, it backs off."""

import pytest

OPEN_STREAM = """
const [path, outcomes, limit, done] = arguments;
const realSetTimeout = window.setTimeout;
const delays = [];
let opened = 0;
let requests = 0;
let stream;
window.setTimeout = (callback, delay = 0) => {
  if (delay >= 5000) return realSetTimeout(callback, delay);
  if (delay) delays.push(delay);
  return realSetTimeout(callback);
};
const finish = () => (stream.close(), done({ opened, requests, delays }));
class FakeEventSource extends EventTarget {
  static CLOSED = 2;
  constructor() {
    super();
    realSetTimeout(() => this.go(outcomes[Math.min(++opened, outcomes.length) - 1]));
  }
  go(outcome) {
    if (opened === limit) return finish();
    if (outcome === 'stays') realSetTimeout(finish, 100);
    if (outcome !== 'refused') this.dispatchEvent(new MessageEvent('hello', { data: '{}' }));
    if (outcome === 'moved') this.dispatchEvent(new MessageEvent('move', { data: '{}' }));
    this.readyState = outcome === 'refused' ? FakeEventSource.CLOSED : 1;
    if (outcome === 'refused') this.dispatchEvent(new Event('error'));
  }
  close() {}
}
window.EventSource = FakeEventSource;
window.fetch = async () => (requests++, new Response('', { status: 200 }));
const handlers = { onEvent() {}, onDisconnect() {}, onRefused: () => true };
import(path).then(({ openEventStream }) => (stream = openEventStream('/events', handlers)));
"""


@pytest.mark.parametrize(
    ("outcomes", "opened", "requests"),
    [
        pytest.param(["moved"], 4, 0, id="moved again and again"),
        pytest.param(["refused"], 4, 3, id="refused, though the request for the reason is answered"),
        pytest.param(["refused", "moved", "stays"], 3, 1, id="a late answer costs one move"),
    ],
)
def test_each_retry_waits_longer(visitor, outcomes, opened, requests):
    path = visitor.module("event_stream.js")
    visitor.browser.get(f"{visitor.url}/livez")
    result = visitor.browser.execute_async_script(OPEN_STREAM, path, outcomes, 4)
    assert (result["opened"], result["requests"]) == (opened, requests)
    assert len(result["delays"]) == opened - 1
    assert sorted(result["delays"]) == result["delays"]
