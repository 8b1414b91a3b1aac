"""Several tabs of one browser: each is a visitor, and all of them share the browser's few connections."""

import pytest

OPEN_STREAMS = """
const done = arguments[0];
navigator.locks.query().then(({ held }) => done(held.filter(({ name }) => name.startsWith('stream-')).length));
"""


@pytest.fixture
def tabs(person):
    """Returns a function that opens so many tabs, each of which is looked at once, and one who visits with them."""
    visitor = person()

    def open_tabs(count, use=None):
        for number in range(count):
            if number:
                visitor.browser.switch_to.new_window("tab")
            visitor.visit()
            if use:
                use(visitor)
        return visitor

    return open_tabs


def talk(visitor):
    visitor.choose_cat()
    visitor.meets()


def test_seven_tabs_that_talk(tabs):
    """Each stays usable and hears of its message, though no more than four have a stream at a time."""
    visitor = tabs(7, talk)
    assert 1 <= visitor.browser.execute_async_script(OPEN_STREAMS) <= 4
    for handle in visitor.browser.window_handles:
        visitor.browser.switch_to.window(handle)
        visitor.write(handle)
        visitor.until(lambda: ("mine", handle) in visitor.messages(), "it is not in the conversation")  # noqa: B023
        visitor.until("!document.querySelector('.pending')", "it was not delivered")
        assert visitor.find("#notice").get_attribute("hidden")
        assert not visitor.find_all("[data-state=broken]")


def test_a_hidden_idle_tab_has_no_stream(tabs):
    """Looked at again it goes on."""
    visitor = tabs(3)
    first = visitor.browser.window_handles[0]
    visitor.until(lambda: visitor.browser.execute_async_script(OPEN_STREAMS) == 1, "hidden tabs keep their streams")
    visitor.browser.switch_to.window(first)
    talk(visitor)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        pytest.param("throw new DOMException('', 'TimeoutError')", "Your browser waits for an answer.", id="late"),
        pytest.param("throw new TypeError('')", "The page has lost its own frontend.", id="refused"),
    ],
)
def test_an_own_lack_is_no_fault_of_the_cluster(person, reply, text):
    visitor = person().visit()
    visitor.run(f"""
      const realFetch = window.fetch;
      window.fetch = async (url, ...rest) => {{
        if (String(url).endsWith('/api/backend')) {reply};
        return realFetch(url, ...rest);
      }};
      document.dispatchEvent(new Event('visibilitychange'));
    """)
    visitor.reads("#notice p", text)
    broken = visitor.find("#hops [data-state=broken]").get_attribute("data-stage")
    assert broken == ("browser" if "browser" in text else "frontend")
