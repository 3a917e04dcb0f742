// Buttons that have just come below the thumb are not what it was meant for: the second half of a double tap on ACCEPT
// would be SET OUT, and on SET OUT it would be ON SCENE.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** How long new buttons rest before they can be tapped, milliseconds. */
export const REST_MS = 700;

/** Whether these buttons, named by `what`, have been there long enough to be meant. */
export function useSettled(what: string): boolean {
  const settled = useSignal<string | null>(null);
  useEffect(() => {
    settled.value = null;
    const timer = setTimeout(() => (settled.value = what), REST_MS);
    return () => clearTimeout(timer);
  }, [what]);
  return settled.value === what;
}
