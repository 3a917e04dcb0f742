// What a hand does twice by accident is done once. An order moves the panes: the second click of a double click would
// fall on whatever has come below the pointer by then, which is another order. And a key that is held is pressed once.

/** A click on something that can be pressed. */
export interface Hit {
  /** What was pressed, and what stood on it: the next order may lie on the same button. */
  on: unknown;
  text: string;
  x: number;
  y: number;
  at_ms: number;
}

/** How slow a double click may be, milliseconds. */
const TWICE_MS = 700;
/** How far a hand shakes between its clicks, CSS pixels. */
const SHAKE_PX = 12;

/** Whether a click belongs to the one before and was not meant for what lies there now. */
export function isStray(before: Hit | null, now: Hit): boolean {
  if (before === null || (before.on === now.on && before.text === now.text)) return false;
  return now.at_ms - before.at_ms < TWICE_MS && Math.hypot(now.x - before.x, now.y - before.y) <= SHAKE_PX;
}

/** Stops stray clicks and repeated keys before anything hears them; gives what ends it. */
export function watchHands(): () => void {
  let before: Hit | null = null;
  const click = (event: MouseEvent) => {
    const on = event.target instanceof Element ? event.target.closest('button') : null;
    // A click made by a key has no place, and what is no button gives no order.
    if (event.detail === 0 || on === null) return;
    const now: Hit = { on, text: on.textContent ?? '', x: event.clientX, y: event.clientY, at_ms: event.timeStamp };
    if (!isStray(before, now)) return void (before = now);
    before = { ...before!, at_ms: now.at_ms };
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const key = (event: KeyboardEvent) => {
    const presses = event.key === 'Enter' || event.key === ' ';
    if (event.repeat && presses && event.target instanceof HTMLButtonElement) event.preventDefault();
  };
  addEventListener('click', click, { capture: true });
  addEventListener('keydown', key, { capture: true });
  return () => {
    removeEventListener('click', click, { capture: true });
    removeEventListener('keydown', key, { capture: true });
  };
}
