// What this browser keeps from one visit to the next. Browsers forbid it (a private window, a policy) or have no room:
// then it is kept as long as the page, and nothing else fails.

const memory = new Map<string, string | null>();

// Another tab has kept something newer.
if (typeof addEventListener === 'function') {
  addEventListener('storage', ({ key }) => (key === null ? memory.clear() : memory.delete(key)));
}

/** What was kept under this name; null where nothing was. */
export function kept(name: string, where: 'tab' | 'browser' = 'browser'): string | null {
  const known = memory.get(name);
  if (known !== undefined) return known;
  try {
    return store(where).getItem(name);
  } catch {
    return null;
  }
}

/** Keeps it, or forgets it by null. */
export function keep(name: string, value: string | null, where: 'tab' | 'browser' = 'browser'): void {
  try {
    if (value === null) store(where).removeItem(name);
    else store(where).setItem(name, value);
    memory.delete(name);
  } catch {
    memory.set(name, value);
    // What is there is older: it must not come back with the next page, least of all a token that was used.
    if (value !== null) forget(name, where);
  }
}

function forget(name: string, where: 'tab' | 'browser'): void {
  try {
    store(where).removeItem(name);
  } catch {
    // Forbidden: then nothing is there.
  }
}

function store(where: 'tab' | 'browser'): Storage {
  return where === 'tab' ? sessionStorage : localStorage;
}
