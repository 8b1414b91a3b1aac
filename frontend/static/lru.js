/** Bounded maps: a page may stay open for days. */

const MAX_ENTRIES = 80;

/** Set an entry as the newest of a Map, and drop the oldest beyond the bound. */
export function lruSet(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_ENTRIES) map.delete(map.keys().next().value);
  return value;
}
