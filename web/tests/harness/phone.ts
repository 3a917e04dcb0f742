// A phone in a hand, and where it is.
import type { Screen } from './browser.ts';

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, permissions: ['geolocation'] };
/** Klandasan, Balikpapan. */
export const HERE = { latitude: -1.2716, longitude: 116.8385, accuracy: 12 };
/** Degrees of latitude in a metre. */
export const METRE = 1 / 111_195;
/** So many metres north of there. */
export const north = (metres: number) => ({ ...HERE, latitude: HERE.latitude + metres * METRE });

/** Metres in a second of a drive: the server believes 70. */
const DRIVE_M = 50;

/** A GPS that measures each second, with a little noise, as phones do; without it the emulation tells each place once. */
export class Gps {
  readonly #screen: Screen;
  readonly #timer: ReturnType<typeof setInterval>;
  #metres = 0;
  #noise = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#timer = setInterval(() => void this.#measure().catch(() => this.stop()), 1_000);
  }

  /** The next fixes are so far north. */
  move(metres: number): void {
    this.#metres = metres;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Goes there as fast as a car on an empty road, and is there. */
  async drive(metres: number): Promise<void> {
    while (this.#metres !== metres) {
      const left = metres - this.#metres;
      this.#metres += Math.sign(left) * Math.min(Math.abs(left), DRIVE_M);
      await new Promise((next) => setTimeout(next, 1_000));
    }
  }

  #measure(): Promise<void> {
    this.#noise = (this.#noise + 1) % 5;
    return this.#screen.page.context().setGeolocation(north(this.#metres + this.#noise / 10));
  }
}
