// `window.__sigap`: what the page knows, for tests and for whoever looks into a fault. A copy; changing it changes nothing.

const parts = new Map<string, () => unknown>();

/** Shows a part of the page's state under this name. */
export function expose(name: string, read: () => unknown): void {
  parts.set(name, read);
}

export function snapshot(): Record<string, unknown> {
  return JSON.parse(JSON.stringify(Object.fromEntries([...parts].map(([name, read]) => [name, read()]))));
}

if (typeof window !== 'undefined') Object.defineProperty(window, '__sigap', { get: snapshot });
