/** The cats' eyes follow the pointer a little, and blink now and then; not for those who asked for less motion. */

const BLINK_EVERY = 900;
const BLINK = 170;

const still = matchMedia("(prefers-reduced-motion: reduce)");
let pointer = null;

addEventListener("pointermove", (event) => {
  if (still.matches || event.pointerType === "touch") return;
  if (!pointer) requestAnimationFrame(turn);
  pointer = { x: event.clientX, y: event.clientY };
});

function turn() {
  const { x, y } = pointer;
  pointer = null;
  for (const cat of document.querySelectorAll("svg.cat")) {
    const box = cat.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight) continue;
    const [dx, dy] = [x - (box.left + box.width / 2), y - (box.top + box.height / 2)];
    const far = Math.hypot(dx, dy) || 1;
    const reach = Math.min(1, far / 200);
    cat.style.setProperty("--look-x", ((dx / far) * reach).toFixed(2));
    cat.style.setProperty("--look-y", ((dy / far) * reach).toFixed(2));
  }
}

/** One cat after the other, by a timer: an animation of them all would keep the page drawing all the time. */
setInterval(() => {
  if (still.matches || document.hidden) return;
  const cats = document.querySelectorAll("svg.cat");
  const cat = cats[Math.floor(Math.random() * cats.length)];
  cat?.classList.add("blinks");
  setTimeout(() => cat?.classList.remove("blinks"), BLINK);
}, BLINK_EVERY);
