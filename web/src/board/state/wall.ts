// Wall mode: big figures, nothing to press, a screen that stays on.
import { effect, signal } from '@preact/signals';
import { keepAwake } from '../../shared/awake.ts';

/** `?wall=1` in the address opens the board so, as a PC does that starts by itself. */
export const wall = signal(new URLSearchParams(location.search).get('wall') === '1');

/** Without the browser's own bars where it lets us; it does so only for somebody who pressed something. */
export function enter(): void {
  wall.value = true;
  void document.documentElement.requestFullscreen?.().catch(() => undefined);
}

export function leave(): void {
  wall.value = false;
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
}

/** Keys, the address, the screen that stays on; gives what ends it. */
export function watchWall(): () => void {
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && wall.value) return leave();
    const typing = event.target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key.toLowerCase() !== 'f' || event.ctrlKey || event.altKey || event.metaKey || typing) return;
    event.preventDefault();
    if (wall.value) leave();
    else enter();
  };
  // A browser keeps the Esc that ends its full screen to itself.
  const full = () => document.fullscreenElement === null && leave();
  addEventListener('keydown', key);
  document.addEventListener('fullscreenchange', full);
  const end = effect(() => {
    remember('wall', wall.value ? '1' : null);
    document.documentElement.toggleAttribute('data-wall', wall.value);
    return wall.value ? keepAwake() : undefined;
  });
  return () => {
    removeEventListener('keydown', key);
    document.removeEventListener('fullscreenchange', full);
    end();
    document.documentElement.removeAttribute('data-wall');
  };
}

/** Keeps a choice in the address, so that a reload, or a PC that starts by itself, shows the same. */
export function remember(name: string, value: string | null): void {
  const url = new URL(location.href);
  if (value === null) url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  history.replaceState(null, '', url);
}
