// Something that is read for what is chosen, anew when that changes and from time to time.
import { signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';

export interface Read<T> {
  value: T | null;
  failed: boolean;
}

/** Reads when `keys` change, and again each `every_ms`. What was read for other keys is never shown. */
export function useRead<T>(keys: readonly unknown[], read: () => Promise<T>, every_ms?: number, fresh?: unknown): Signal<Read<T>> {
  const kept = useMemo(() => signal<Read<T>>({ value: null, failed: false }), keys);
  useEffect(() => {
    let over = false;
    const go = () => read().then(
      (value) => over || (kept.value = { value, failed: false }),
      () => over || (kept.value = { value: kept.peek().value, failed: true }),
    );
    void go();
    const timer = every_ms === undefined ? undefined : setInterval(go, every_ms);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [kept, fresh]);
  return kept;
}
