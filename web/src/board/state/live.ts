// The live board of the chosen area.
//
// Invariant: what is shown is of the chosen area and at most `SILENT_MS` old, or `halted` says since when it is not.
import { batch, computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { CityBoard, ToldBoard } from '../../gen/frames.ts';
import { clock, type Zone } from '../../shared/format.ts';
import type { Halt } from '../../shared/feed_state.tsx';
import { Problem } from '../../shared/problem.ts';
import type { Work } from '../../shared/screen.tsx';
import { cities, still, type Still } from '../logic/live.ts';
import { say } from '../words.ts';

/** How often it is looked whether the board still moves, milliseconds. */
const LOOK_MS = 250;

const stands = signal<Still | null>(null);

/** What the page is covered by: known to the frame of the page before anybody is logged in. */
export const halted: ReadonlySignal<Halt | null> = computed(() => {
  const now = stands.value;
  return now && { since_ms: now.since_ms, why: say(`halt.${now.is}`) };
});

export class Live {
  /** The area that is shown; null before one is chosen. */
  readonly area = signal<string | null>(null);
  readonly told = signal<ToldBoard | null>(null);
  readonly cities = signal<readonly CityBoard[]>([]);
  /** Why the server shows no board of this area. */
  readonly refused = signal<Problem | null>(null);
  /** Boards that came. */
  frames = 0;
  readonly #work: Work;
  #heard_ms = 0;
  /** The next board is the first of its socket. */
  #first = true;

  constructor(work: Work) {
    this.#work = work;
  }

  /** Looks at the chosen area until the end that it gives. */
  begin(): () => void {
    const { feed } = this.#work;
    const watch = setInterval(() => this.#look(), LOOK_MS);
    const ends = [
      feed.on('board', (frame) => this.#hear(frame)),
      feed.on('problem', (frame) => {
        if (this.area.value !== null && frame.problem.detail.startsWith(`${this.area.value}: `)) this.refused.value = new Problem(frame.problem);
      }),
      effect(() => {
        const area = this.area.value;
        if (area === null || feed.hello.value === null) return undefined;
        this.#first = true;
        feed.send({ type: 'board', area, on: true });
        return () => void feed.send({ type: 'board', area, on: false });
      }),
    ];
    return () => {
      clearInterval(watch);
      for (const end of ends) end();
      stands.value = null;
    };
  }

  choose(area: string): void {
    if (area === this.area.peek()) return;
    batch(() => {
      this.area.value = area;
      this.told.value = this.refused.value = stands.value = null;
      this.cities.value = [];
    });
  }

  #hear(frame: ToldBoard): void {
    if (frame.area !== this.area.peek()) return;
    this.frames++;
    this.#heard_ms = Date.now();
    batch(() => {
      this.told.value = frame;
      this.refused.value = null;
      this.cities.value = cities(this.cities.peek(), frame.cities, this.#first);
      this.#look();
    });
    this.#first = false;
  }

  #look(): void {
    const told = this.told.peek();
    const now = told && still(told, this.#heard_ms, Date.now());
    const before = stands.peek();
    if (now?.is !== before?.is || (now && before && Math.abs(now.since_ms - before.since_ms) > 1_000)) stands.value = now;
  }
}

/** When figures were read, as it stands beside them. */
export function readAt(ms: number, zone: Zone): string {
  return say('read.at', { clock: clock(ms, zone) });
}
