/** A house cat's reply is in the log at once; it is shown after a moment of «typing», as if it had paws. */

const DELAY = 1000;

/**
 * Return a function that takes events and hands them to `apply(kind, facts)` in order. Those for which
 * `isDelayed(kind, facts)` wait, and meanwhile `setTyping(true)` holds; what begins or ends a chat flushes the queue.
 */
export function withTypingDelay(apply, isDelayed, setTyping) {
  const queue = [];
  let timer = 0;

  function run() {
    while (queue.length && !timer) {
      if (isDelayed(...queue[0])) return delay();
      apply(...queue.shift());
    }
  }

  function delay() {
    setTyping(true);
    timer = setTimeout(() => {
      timer = 0;
      setTyping(false);
      apply(...queue.shift());
      run();
    }, DELAY);
  }

  return (kind, facts) => {
    queue.push([kind, facts]);
    if (["waiting", "paired", "left"].includes(kind)) {
      if (timer) setTyping(false);
      clearTimeout(timer);
      timer = 0;
      while (queue.length) apply(...queue.shift());
    } else run();
  };
}
