// Keys of the console. Everything that a key does, a button does as well.
import { clicked, dialog, grid, line } from './state/ui.ts';
import type { Orders } from './state/orders.ts';
import type { Siren } from './state/siren.ts';

/** What `?` lists: keys, and the word that says what they do. */
export const KEYS = [
  ['C', 'key.claim'], ['M', 'key.mute'], ['1 2 3 4', 'key.panes'], ['↑ ↓', 'key.move'], ['Enter', 'key.open'],
  ['F', 'key.form'], ['A', 'key.candidates'], ['V', 'key.valid'], ['X', 'key.invalid'], ['N', 'key.note'], ['T', 'key.call'], ['G', 'key.grid'],
  ['/', 'key.line'], ['?', 'key.help'], ['Esc', 'key.escape'],
] as const;

/** What the command line knows: an example, and the word that says what it does. */
export const COMMANDS = [
  ['BPN-M12 > 1024', 'cmd.send'], ['st BPN-M12 clear', 'cmd.step'], ['note 1024 …', 'cmd.note'], ['recall M12', 'cmd.recall'],
  ['ho M12 M3', 'cmd.hand'], ['merge 1024 1020', 'cmd.merge'], ['close 1024 handled', 'cmd.close'], ['pri 1024 P1', 'cmd.priority'],
  ['duty M12 oos', 'cmd.duty'], ['claim R7', 'cmd.claim'], ['1024', 'cmd.look'],
] as const;

/** Listens to keys; gives what ends it. */
export function listen(orders: Orders, siren: Siren): () => void {
  const hear = (event: KeyboardEvent) => {
    if (event.key === 'Escape') return escape();
    // Typing is typing, a browser's own shortcut is the browser's, and what lies below a cover is out of reach.
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target) || isCovered() || dialog.value) return;
    // A key that is held is pressed once: a held C would take every call that rings.
    if (event.repeat) return;
    const act = actOf(event.key, orders, siren);
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener('keydown', hear);
  return () => removeEventListener('keydown', hear);
}

function actOf(key: string, orders: Orders, siren: Siren): (() => unknown) | null {
  switch (key.toLowerCase()) {
    case 'c': return () => orders.claim(null);
    case 'm': return () => siren.toggle();
    case '1': case '2': case '3': case '4': return () => enter(key);
    case 'f': return () => first('[data-test=call-form] select')?.focus();
    case 'a': return () => first('[data-test=candidates] [data-row]')?.focus();
    case 'v': return () => first('[data-test=valid]')?.click();
    case 'x': return () => first('[data-test=invalid] select')?.focus();
    case 'n': return () => first('[data-key=note]')?.focus();
    case 't': return () => (dialog.value = 'call');
    case 'g': return () => (grid.value = !grid.value);
    case '/': return () => (line.value = '');
    case '?': return () => (dialog.value = 'help');
    default: return null;
  }
}

function escape(): void {
  dialog.value = null;
  line.value = null;
  clicked.value = null;
  if (isTyping(document.activeElement)) (document.activeElement as HTMLElement).blur();
}

/** Goes into a pane: to the row that Tab would reach, else to the first thing in it. */
function enter(pane: string): void {
  const inside = `[data-pane="${pane}"]`;
  (first(`${inside} [data-row][tabindex="0"]`) ?? first(`${inside} :is(button, select, input, canvas)`))?.focus();
}

function first(selector: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(selector);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}

function isCovered(): boolean {
  return document.querySelector('.inside[inert]') !== null;
}
