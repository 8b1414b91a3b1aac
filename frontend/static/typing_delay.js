/** A house cat's answer is in the log at once; it is shown after a moment of «typing», as if it had paws. */

const MOMENT = 1000;

/**
 * Return a function that takes events and gives them to `apply(kind, facts)` in order. Those for which
 * `thinks(kind, facts)` wait a moment, for which `typing(true)` holds; what ends a chat waits for nobody.
 */
export function paced(apply, thinks, typing) {
  const queue = [];
  let timer = 0;

  function run() {
    while (queue.length && !timer) {
      if (thinks(...queue[0])) return hold();
      apply(...queue.shift());
    }
  }

  function hold() {
    typing(true);
    timer = setTimeout(() => {
      timer = 0;
      typing(false);
      apply(...queue.shift());
      run();
    }, MOMENT);
  }

  return (kind, facts) => {
    queue.push([kind, facts]);
    if (["waiting", "paired", "left"].includes(kind)) {
      if (timer) typing(false);
      clearTimeout(timer);
      timer = 0;
      while (queue.length) apply(...queue.shift());
    } else run();
  };
}
