/** Which cat is in which cell of the grid: decisions on lists of seeds, no document. */

/**
 * Return the next single change `{index, seed}` that brings the waiting cats to the first cells, null when all are in
 * place. `current` and `base` are seeds by cell (now, and when nobody waits); cells with `isBusy(index)` do not change.
 */
export function nextPlacement(current, base, waiting, isBusy) {
  const arriving = waiting.find((seed) => !current.includes(seed));
  const free = current.findIndex((seed, index) => seed && !waiting.includes(seed) && !isBusy(index));
  if (arriving && free >= 0) return { index: free, seed: arriving };
  const moved = current.findIndex((seed, index) => seed !== base[index] && !waiting.includes(seed) && !isBusy(index));
  return moved >= 0 && !current.includes(base[moved]) ? { index: moved, seed: base[moved] } : null;
}
