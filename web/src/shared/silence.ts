// How long nothing was heard, and what that means.

/** By how many heartbeats without a frame the picture counts as standing still: within five seconds for a desk. */
const LOST = 2.25;
/** By how many the socket is given up. */
const GONE = 3;

export class Silence {
  #wall_ms = 0;
  #steady_ms = 0;
  #beat_ms = 1_500;

  constructor() {
    this.hear();
  }

  /** A frame came. */
  hear(): void {
    this.#wall_ms = Date.now();
    this.#steady_ms = performance.now();
  }

  /** How often the server sends a heartbeat. */
  expect(heartbeat_ms: number): void {
    this.#beat_ms = Math.max(heartbeat_ms, 100);
  }

  /** Since the last frame, milliseconds. A PC that slept may count it on one of its clocks alone. */
  get for_ms(): number {
    return Math.max(Date.now() - this.#wall_ms, performance.now() - this.#steady_ms);
  }

  get lost(): boolean {
    return this.for_ms > LOST * this.#beat_ms;
  }

  get gone(): boolean {
    return this.for_ms > GONE * this.#beat_ms;
  }
}
