// Waits for a condition, not for a time.

/** Asks until the answer is something, and gives it. */
export async function until<T>(what: string, look: () => T | Promise<T>, most_ms = 20_000): Promise<NonNullable<T>> {
  const begun = Date.now();
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() - begun > most_ms) throw new Error(`waited ${most_ms} ms for ${what}`);
    await new Promise((next) => setTimeout(next, 25));
  }
}
