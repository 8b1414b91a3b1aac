/** Memory with a bound: a page may stay open for days. */

const MOST = 80;

/** Put it at the end of a Map, which drops what was put there longest ago. */
export function keep(map, key, value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST) map.delete(map.keys().next().value);
  return value;
}
