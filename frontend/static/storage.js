/** What a page remembers. Where the browser blocks its storage, or it is full, values live in memory. */

const memory = new Map();
let isComplete = true;

/** Tell whether everything outlives a reload. */
export const isRemembered = () => isComplete;

/** Return a store of JSON values in `sessionStorage` or `localStorage`; nothing it does raises. */
function store(kind) {
  const memoryKey = (key) => `${kind} ${key}`;

  function attempt(action) {
    try {
      return action(window[kind]);
    } catch {
      isComplete = false;
      return null;
    }
  }

  return {
    read(key) {
      if (memory.has(memoryKey(key))) return memory.get(memoryKey(key));
      return parse(attempt((area) => area.getItem(key)));
    },
    /** What cannot be written must not come back as what it was before. */
    write(key, value) {
      memory.set(memoryKey(key), value);
      if (attempt((area) => area.setItem(key, JSON.stringify(value)) ?? true)) return;
      attempt((area) => area.removeItem(key));
    },
    remove(key) {
      memory.set(memoryKey(key), null);
      attempt((area) => area.removeItem(key));
    },
  };
}

/** What another version has written is as good as nothing. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const session = store("sessionStorage");
export const local = store("localStorage");
