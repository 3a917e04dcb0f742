// What this phone keeps until the server has it: fixes and taps in IndexedDB, one database per account, so that nobody
// sends what another officer tapped. And what it needs to open without a network, in localStorage.
//
// Where the browser gives no database (a private window), the queues live as long as the page.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { FixFrame } from '../gen/frames.ts';
import type { Command } from '../shared/commands.ts';
import { nextBatch, overflow } from './backlog.ts';

interface Kept extends DBSchema {
  fixes: { key: number; value: FixFrame };
  /** In the order in which they were tapped. */
  taps: { key: number; value: Command };
}

export class Keep {
  readonly #account: string;
  readonly #opened: Promise<IDBPDatabase<Kept> | null>;
  /** Stands in for the database where there is none. */
  readonly #fixes = new Map<number, FixFrame>();

  constructor(account: string) {
    this.#account = account;
    this.#opened = openDB<Kept>(`sigap-unit-${account}`, 1, {
      upgrade(db) {
        db.createObjectStore('fixes', { keyPath: 'at_ms' });
        db.createObjectStore('taps', { autoIncrement: true });
      },
    }).catch(() => null);
  }

  /** Keeps fixes; gives how many there are now. */
  async addFixes(fixes: readonly FixFrame[]): Promise<number> {
    const db = await this.#opened;
    if (!db) {
      for (const fix of fixes) this.#fixes.set(fix.at_ms, fix);
      for (const time of overflow([...this.#fixes.keys()])) this.#fixes.delete(time);
      return this.#fixes.size;
    }
    const tx = db.transaction('fixes', 'readwrite');
    for (const fix of fixes) await tx.store.put(fix);
    for (const time of overflow(await tx.store.getAllKeys())) await tx.store.delete(time);
    const count = await tx.store.count();
    await tx.done;
    return count;
  }

  /** What is sent next, the newest first; see `nextBatch`. */
  async nextFixes(live_ms: number, newest_ms: number): Promise<FixFrame[]> {
    const db = await this.#opened;
    return nextBatch(db ? await db.getAll('fixes') : [...this.#fixes.values()], live_ms, newest_ms);
  }

  /** Forgets fixes that the server has; gives how many are left. */
  async dropFixes(times: readonly number[] | 'all'): Promise<number> {
    const db = await this.#opened;
    if (times === 'all') {
      this.#fixes.clear();
      await db?.clear('fixes');
      return 0;
    }
    for (const time of times) this.#fixes.delete(time);
    if (!db) return this.#fixes.size;
    const tx = db.transaction('fixes', 'readwrite');
    for (const time of times) await tx.store.delete(time);
    const count = await tx.store.count();
    await tx.done;
    return count;
  }

  async countFixes(): Promise<number> {
    const db = await this.#opened;
    return db ? db.count('fixes') : this.#fixes.size;
  }

  async taps(): Promise<Command[]> {
    return (await (await this.#opened)?.getAll('taps')) ?? [];
  }

  async addTap(tap: Command): Promise<void> {
    await (await this.#opened)?.add('taps', tap);
  }

  async dropTap(command_id: string): Promise<void> {
    const db = await this.#opened;
    if (!db) return;
    const tx = db.transaction('taps', 'readwrite');
    for (let at = await tx.store.openCursor(); at; at = await at.continue()) {
      if (at.value.command_id === command_id) await at.delete();
    }
    await tx.done;
  }

  /** What the app opens with while there is no network. */
  read<T>(name: string): T | null {
    try {
      return JSON.parse(localStorage.getItem(this.#key(name)) ?? 'null') as T | null;
    } catch {
      return null;
    }
  }

  write(name: string, value: unknown): void {
    try {
      if (value === null) localStorage.removeItem(this.#key(name));
      else localStorage.setItem(this.#key(name), JSON.stringify(value));
    } catch {
      // Full or forbidden: the app only opens with less.
    }
  }

  #key(name: string): string {
    return `sigap.unit.${name}.${this.#account}`;
  }
}
