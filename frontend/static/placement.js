/** Who sits where: decisions on lists of seeds, no document. */

/**
 * Return the next single change `{index, seed}` that brings those who wait to the first windows, null when all sit
 * right. `now` and `base` are seeds by window (now, and when nobody waits); `busy(index)` windows stay as they are.
 */
export function nextSeat(now, base, waiting, busy) {
  const coming = waiting.find((seed) => !now.includes(seed));
  const free = now.findIndex((seed, index) => seed && !waiting.includes(seed) && !busy(index));
  if (coming && free >= 0) return { index: free, seed: coming };
  const over = now.findIndex((seed, index) => seed !== base[index] && !waiting.includes(seed) && !busy(index));
  return over >= 0 && !now.includes(base[over]) ? { index: over, seed: base[over] } : null;
}
