// The server's time on this screen: ages and countdowns are counted by it, whatever the clock of the PC says.
import { signal } from '@preact/signals';

let ahead_ms = 0;
let heard = false;

/** The server's time now, Unix milliseconds. */
export function serverNow(): number {
  return Date.now() + ahead_ms;
}

/** A moment of this device's clock, as the server's clock has it. */
export function toServer(device_ms: number): number {
  return device_ms + ahead_ms;
}

/** The server said what time it is. What was longest on its way is furthest behind: the fastest of recent ones counts. */
export function hearTime(server_ms: number): void {
  const told_ms = server_ms - Date.now();
  // A clock that is set anew on either side is followed at once.
  const is_jump = Math.abs(told_ms - ahead_ms) > 2_000;
  ahead_ms = !heard || is_jump ? told_ms : Math.max(told_ms, ahead_ms - 5);
  heard = true;
}

/** The server's time, anew each second: what reads it is drawn again each second. */
export const tick = signal(serverNow());

setInterval(() => {
  tick.value = serverNow();
}, 1_000);
