// What this screen has read of each journal.
import type { ServerFrame, ToldEvent } from '../gen/frames.ts';

/** What an event is to the cursors: the next one, one that was read before, or one after a gap. */
export type Order = 'next' | 'repeat' | 'gap';

export class Cursors {
  readonly #read = new Map<string, number | null>();

  /** From now on this area is followed; from the present on, unless it was followed before. */
  follow(area: string): void {
    if (!this.#read.has(area)) this.#read.set(area, null);
  }

  unfollow(area: string): void {
    this.#read.delete(area);
  }

  get areas(): string[] {
    return [...this.#read.keys()];
  }

  /** Area → cursor, as `subscribe` wants it; null asks for a snapshot. */
  since(areas: Iterable<string> = this.#read.keys()): Record<string, number | null> {
    return Object.fromEntries(Array.from(areas, (area) => [area, this.#read.get(area) ?? null]));
  }

  /** The server cannot go on from here: snapshots from now on. */
  forget(): void {
    for (const area of this.#read.keys()) this.#read.set(area, null);
  }

  event({ area, seq, prev }: Pick<ToldEvent, 'area' | 'seq' | 'prev'>): Order {
    const cursor = this.#read.get(area);
    // Not followed any more, or waiting for a snapshot that holds it.
    if (cursor === undefined || cursor === null || seq <= cursor) return 'repeat';
    if (prev !== cursor) return 'gap';
    this.#read.set(area, seq);
    return 'next';
  }

  /** Moves the cursors by what is not an event. Areas in `waiting` are about to be told anew. */
  told(frame: ServerFrame, waiting: ReadonlySet<string>): void {
    if (frame.type === 'resumed' || frame.type === 'reset') this.#move(frame.area, frame.cursor);
    if (frame.type !== 'heartbeat') return;
    for (const [area, cursor] of Object.entries(frame.cursors)) if (!waiting.has(area)) this.#move(area, cursor);
  }

  #move(area: string, cursor: number): void {
    if (this.#read.has(area)) this.#read.set(area, cursor);
  }
}
