// A screen that stays on: a phone on the road, a board on a wall.
import { signal } from '@preact/signals';

/** Whether the screen is kept on: `off` where the browser cannot or the system forbids it. */
export const wake = signal<'on' | 'off'>('off');

/** Keeps the screen on while the page is seen; gives what ends it. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;
  const ask = async () => {
    if (over || document.hidden || !('wakeLock' in navigator)) return;
    try {
      lock = await navigator.wakeLock.request('screen');
      wake.value = 'on';
      lock.addEventListener('release', () => (wake.value = 'off'));
      if (over) void lock.release();
    } catch {
      wake.value = 'off';
    }
  };
  document.addEventListener('visibilitychange', ask);
  void ask();
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', ask);
    void lock?.release();
  };
}
