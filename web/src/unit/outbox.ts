// Taps on their way to the server.
//
// Invariants: a tap has its name and its time from the moment it was tapped, so that it is done once however often it is
// sent; taps go in their order, one at a time; a panic waits for nothing.
import { effect, signal, untracked } from '@preact/signals';
import type { Command } from '../shared/commands.ts';
import type { Feed } from '../shared/feed.ts';
import { isPassing, Problem, waitOf } from '../shared/problem.ts';
import type { Keep } from './kept.ts';
import type { Reach } from './reach.ts';

/** Taps that may wait; nobody taps more in a tunnel. */
const WAITING_MAX = 200;
/** The pause after the server was short of breath, milliseconds. */
const BREATH_MS = 2_000;

export interface Outcomes {
  done(tap: Command, ok: unknown): void;
  refused(tap: Command, problem: Problem): void;
}

export class Outbox {
  /** In the order in which they were tapped. */
  readonly waiting = signal<readonly Command[]>([]);
  readonly #feed: Feed;
  readonly #keep: Keep;
  readonly #reach: Reach;
  readonly #outcomes: Outcomes;
  readonly #sending = new Set<string>();

  constructor(feed: Feed, keep: Keep, reach: Reach, outcomes: Outcomes) {
    this.#feed = feed;
    this.#keep = keep;
    this.#reach = reach;
    this.#outcomes = outcomes;
  }

  /** Takes up what was left from the last time, and sends from now on; gives what ends it. */
  start(): () => void {
    void this.#keep.taps().then((left) => {
      const known = new Set(this.waiting.peek().map((tap) => tap.command_id));
      this.waiting.value = [...left.filter((tap) => !known.has(tap.command_id)), ...this.waiting.peek()];
      this.#pump();
    });
    return effect(() => {
      if (this.#reach.up.value) untracked(() => this.#pump());
    });
  }

  /** Says whether there was room for it. */
  add(tap: Command): boolean {
    if (this.waiting.peek().length >= WAITING_MAX) return false;
    this.waiting.value = [...this.waiting.peek(), tap];
    void this.#keep.addTap(tap);
    if (!this.#reach.up.peek()) this.#feed.retry();
    this.#pump();
    return true;
  }

  /** Gives up taps that have no sense any more. */
  drop(which: (tap: Command) => boolean): void {
    for (const tap of this.waiting.peek().filter(which)) this.#forget(tap);
  }

  #pump(): void {
    if (!this.#reach.up.peek()) return;
    const all = this.waiting.peek();
    const first = all.find((tap) => tap.type !== 'panic');
    for (const tap of all) if ((tap.type === 'panic' || tap === first) && !this.#sending.has(tap.command_id)) void this.#send(tap);
  }

  async #send(tap: Command): Promise<void> {
    this.#sending.add(tap.command_id);
    let wait_ms = 0;
    try {
      const ok = await this.#feed.command(tap);
      this.#forget(tap);
      this.#outcomes.done(tap, ok);
    } catch (error) {
      if (isPassing(error)) wait_ms = Math.max(waitOf(error), BREATH_MS);
      else {
        this.#forget(tap);
        if (error instanceof Problem) this.#outcomes.refused(tap, error);
      }
    }
    if (wait_ms > 0) await new Promise((next) => setTimeout(next, wait_ms));
    this.#sending.delete(tap.command_id);
    this.#pump();
  }

  #forget(tap: Command): void {
    this.waiting.value = this.waiting.peek().filter((one) => one.command_id !== tap.command_id);
    void this.#keep.dropTap(tap.command_id);
  }
}
