// What this phone keeps until the server has it: fixes and taps in IndexedDB, one database per account, so that nobody
// sends what another officer tapped. And what it needs to open without a network, in localStorage.
//
// Where the browser gives no database (a private window) or no room in it, the queues live as long as the page.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { FixFrame } from '../gen/frames.ts';
import type { Command } from '../shared/commands.ts';
import { keep, kept } from '../shared/kept.ts';
import { nextBatch, overflow } from './backlog.ts';

interface Kept extends DBSchema {
  fixes: { key: number; value: FixFrame };
  /** In the order in which they were tapped. */
  taps: { key: number; value: Command };
}

/** A browser that has not opened its database by then does not, milliseconds; some hang. */
const OPENING_MS = 5_000;

export class Keep {
  readonly #account: string;
  readonly #opened: Promise<IDBPDatabase<Kept> | null>;
  /** Fixes that the database did not take. */
  readonly #fixes = new Map<number, FixFrame>();

  constructor(account: string) {
    this.#account = account;
    this.#opened = Promise.race([open(`sigap-unit-${account}`), new Promise<null>((done) => setTimeout(done, OPENING_MS, null))]);
  }

  /** Keeps fixes; gives how many there are now. */
  async addFixes(fixes: readonly FixFrame[]): Promise<number> {
    try {
      await this.#write(fixes);
    } catch {
      for (const fix of fixes) this.#fixes.set(fix.at_ms, fix);
      for (const time of overflow([...this.#fixes.keys()])) this.#fixes.delete(time);
    }
    return this.countFixes();
  }

  /** Throws where the database has no room, or is none. */
  async #write(fixes: readonly FixFrame[]): Promise<void> {
    const db = await this.#opened;
    if (!db) throw new Error('no database');
    const tx = db.transaction('fixes', 'readwrite');
    const write = async () => {
      for (const fix of fixes) await tx.store.put(fix);
      for (const time of overflow(await tx.store.getAllKeys())) await tx.store.delete(time);
    };
    await Promise.all([write(), tx.done]);
  }

  /** What is sent next, the newest first; see `nextBatch`. */
  async nextFixes(live_ms: number, newest_ms: number): Promise<FixFrame[]> {
    const stored = await this.#ask((db) => db.getAll('fixes'), []);
    return nextBatch([...stored, ...this.#fixes.values()], live_ms, newest_ms);
  }

  /** Forgets fixes that the server has; gives how many are left. */
  async dropFixes(times: readonly number[] | 'all'): Promise<number> {
    if (times === 'all') {
      this.#fixes.clear();
      await this.#ask((db) => db.clear('fixes'), undefined);
      return 0;
    }
    for (const time of times) this.#fixes.delete(time);
    await this.#ask(async (db) => {
      const tx = db.transaction('fixes', 'readwrite');
      for (const time of times) await tx.store.delete(time);
      await tx.done;
    }, undefined);
    return this.countFixes();
  }

  async countFixes(): Promise<number> {
    return this.#fixes.size + (await this.#ask((db) => db.count('fixes'), 0));
  }

  /** Asks the database; what stands `otherwise` is the answer of one that is not there or does not answer. */
  async #ask<T>(ask: (db: IDBPDatabase<Kept>) => Promise<T>, otherwise: T): Promise<T> {
    const db = await this.#opened;
    if (!db) return otherwise;
    try {
      return await ask(db);
    } catch {
      return otherwise;
    }
  }

  async taps(): Promise<Command[]> {
    return this.#ask((db) => db.getAll('taps'), []);
  }

  /** Where there is no room for it, it lives as long as the page. */
  async addTap(tap: Command): Promise<void> {
    await this.#ask((db) => db.add('taps', tap), 0);
  }

  async dropTap(command_id: string): Promise<void> {
    await this.#ask(async (db) => {
      const tx = db.transaction('taps', 'readwrite');
      for (let at = await tx.store.openCursor(); at; at = await at.continue()) {
        if (at.value.command_id === command_id) await at.delete();
      }
      await tx.done;
    }, undefined);
  }

  /** What the app opens with while there is no network. */
  read<T>(name: string): T | null {
    try {
      return JSON.parse(kept(this.#key(name)) ?? 'null') as T | null;
    } catch {
      return null;
    }
  }

  write(name: string, value: unknown): void {
    keep(this.#key(name), value === null ? null : JSON.stringify(value));
  }

  #key(name: string): string {
    return `sigap.unit.${name}.${this.#account}`;
  }
}

/** The database; null where the browser has none or forbids it, by an error now or later. */
async function open(name: string): Promise<IDBPDatabase<Kept> | null> {
  try {
    return await openDB<Kept>(name, 1, {
      upgrade(db) {
        db.createObjectStore('fixes', { keyPath: 'at_ms' });
        db.createObjectStore('taps', { autoIncrement: true });
      },
    });
  } catch {
    return null;
  }
}
