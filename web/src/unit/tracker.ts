// Tells the server where this phone is, and keeps what could not be sent.
//
// Invariants: on a new line the newest fix goes first and alone, history after it, newest first; a kept fix is forgotten
// only when the server has told what became of it; a phone that is not the unit's position sends nothing.
import { effect, signal, untracked } from '@preact/signals';
import type { FixFrame, ToldFixesTaken } from '../gen/frames.ts';
import type { Feed } from '../shared/feed.ts';
import { unheard, type Sent } from './backlog.ts';
import type { Seen } from './health.ts';
import type { Keep } from './kept.ts';
import { battery } from './phone.ts';
import { pauseOf } from './rate.ts';
import type { Reach } from './reach.ts';

/** How often it is looked at whether a fix is due, milliseconds. */
const LOOK_MS = 500;
/** A kept frame without an answer is sent again after this, milliseconds. */
const ANSWER_MS = 10_000;
/** How long history waits for a first position, milliseconds. */
const FIRST_MS = 8_000;
/** Refusals that say nothing of this phone: the server has this fix or a newer one. */
const HARMLESS = new Set(['duplicate', 'older']);

export class Tracker {
  readonly seen = signal<Seen>({
    is_source: false, permission: 'asking', cut_since_ms: null, fix: null, sent_ms: null, waiting: 0, refused: null, began_ms: Date.now(),
  });
  /** Whether the crew drives to a scene: then it tells more often. */
  is_working = false;
  readonly #feed: Feed;
  readonly #keep: Keep;
  readonly #reach: Reach;
  #newest: FixFrame | null = null;
  /** The device time of the newest fix that was sent or kept. */
  #taken_ms = 0;
  /** The device time of the newest fix that a line took while it spoke. */
  #live_ms = 0;
  #sent: Sent[] = [];
  #heard_ms = 0;
  /** The kept ones that are on their way. */
  #batch: { times: number[]; sent_ms: number } | null = null;
  #is_asking = false;

  constructor(feed: Feed, keep: Keep, reach: Reach) {
    this.#feed = feed;
    this.#keep = keep;
    this.#reach = reach;
  }

  /** Watches the GPS and tells; gives what ends it. */
  start(): () => void {
    this.#see({ is_source: true, began_ms: Date.now() });
    void this.#keep.countFixes().then((waiting) => this.#see({ waiting }));
    if (!('geolocation' in navigator)) {
      this.#see({ permission: 'missing' });
      return () => undefined;
    }
    const options = { enableHighAccuracy: true, maximumAge: 0 };
    const watch = navigator.geolocation.watchPosition((at) => this.#take(at), (error) => this.#miss(error), options);
    const timer = setInterval(() => this.#turn(), LOOK_MS);
    const ends = [
      effect(() => {
        const up = this.#reach.up.value;
        untracked(() => (up ? this.#begin() : this.#end()));
      }),
      this.#feed.on('heartbeat', () => this.#hear()),
      this.#feed.on('event', () => this.#hear()),
      this.#feed.on('fixes_taken', (frame) => void this.#taken(frame)),
    ];
    return () => {
      navigator.geolocation.clearWatch(watch);
      clearInterval(timer);
      ends.forEach((end) => end());
      this.#see({ is_source: false });
    };
  }

  /** Where this phone is, as far as it was measured in the last minutes. */
  place(now_ms: number, within_ms: number): { lat: number; lng: number } | null {
    const newest = this.#newest;
    return newest && now_ms - newest.at_ms <= within_ms ? { lat: newest.lat, lng: newest.lng } : null;
  }

  /** What was not sent is of another unit. */
  async forget(): Promise<void> {
    this.#sent = [];
    this.#batch = null;
    this.#see({ waiting: await this.#keep.dropFixes('all') });
  }

  #see(change: Partial<Seen>): void {
    this.seen.value = { ...this.seen.peek(), cut_since_ms: this.#reach.cutSince.peek(), ...change };
  }

  #take({ coords, timestamp }: GeolocationPosition, at_least_ms = 0): void {
    const round = (value: number, per_unit: number) => Math.round(value * per_unit) / per_unit;
    const fix: FixFrame = { at_ms: Math.round(Math.max(timestamp, at_least_ms)), lat: round(coords.latitude, 1e7), lng: round(coords.longitude, 1e7) };
    fix.accuracy_m = round(coords.accuracy, 10);
    if (coords.speed !== null && Number.isFinite(coords.speed)) fix.speed_mps = round(Math.max(coords.speed, 0), 10);
    if (coords.heading !== null && Number.isFinite(coords.heading)) fix.heading_deg = round(coords.heading, 1);
    if (battery.peek()) fix.battery_pct = battery.peek()!.pct;
    if (this.#newest && fix.at_ms <= this.#newest.at_ms) return;
    this.#newest = fix;
    this.#see({ permission: 'granted', fix: { at_ms: fix.at_ms, accuracy_m: coords.accuracy } });
    this.#turn();
  }

  #miss(error: GeolocationPositionError): void {
    if (error.code === error.PERMISSION_DENIED) this.#see({ permission: 'denied' });
  }

  #turn(): void {
    const now_ms = Date.now();
    this.#see({});
    const pause_ms = pauseOf({
      speed_mps: this.#newest?.speed_mps ?? null, is_working: this.is_working,
      battery_pct: battery.peek()?.pct ?? null, is_charging: battery.peek()?.is_charging ?? false,
    });
    const newest = this.#newest;
    // A little early is better than a whole look late.
    const is_due = now_ms - this.#taken_ms >= pause_ms - LOOK_MS / 2;
    if (is_due && newest && newest.at_ms > this.#taken_ms) this.#tell(newest);
    // Who stands still gives the browser nothing to tell: it is asked.
    else if (is_due && !this.#is_asking && now_ms - (newest?.at_ms ?? 0) >= pause_ms) this.#ask();
    void this.#sendKept();
  }

  #ask(): void {
    this.#is_asking = true;
    // With no age permitted, the answer holds for the moment of the question, even where the system dates it back.
    const asked_ms = Date.now();
    const done = () => (this.#is_asking = false);
    const options = { enableHighAccuracy: true, maximumAge: 0, timeout: 15_000 };
    const take = (at: GeolocationPosition) => this.#take(at, asked_ms);
    navigator.geolocation.getCurrentPosition((at) => { done(); take(at); }, (error) => { done(); this.#miss(error); }, options);
  }

  #tell(fix: FixFrame): void {
    this.#taken_ms = fix.at_ms;
    const now_ms = Date.now();
    if (this.#reach.up.peek() && this.#feed.send({ type: 'fixes', sent_ms: now_ms, fixes: [fix] })) {
      this.#sent = [...this.#sent.slice(-60), { fix, sent_ms: now_ms }];
      this.#live_ms = fix.at_ms;
      this.#see({ sent_ms: now_ms, refused: null });
    } else void this.#keepOf([fix]);
  }

  async #keepOf(fixes: FixFrame[]): Promise<void> {
    if (fixes.length > 0) this.#see({ waiting: await this.#keep.addFixes(fixes) });
  }

  /** A new line: the newest first, even if it is kept already. */
  #begin(): void {
    this.#heard_ms = Date.now();
    this.#batch = null;
    const newest = this.#newest;
    if (!newest || newest.at_ms <= this.#live_ms) return;
    void this.#keep.dropFixes([newest.at_ms]).then((waiting) => this.#see({ waiting }));
    this.#tell(newest);
  }

  /** The line is gone: what it may have swallowed is kept. */
  #end(): void {
    const lost = unheard(this.#sent, this.#heard_ms, Date.now());
    this.#sent = [];
    if (lost.length > 0) this.#live_ms = 0;
    void this.#keepOf(lost);
  }

  #hear(): void {
    this.#heard_ms = Date.now();
    this.#sent = this.#sent.filter((one) => one.sent_ms > this.#heard_ms - 2_000);
  }

  async #sendKept(): Promise<void> {
    const now_ms = Date.now();
    if (!this.#reach.up.peek() || this.seen.peek().waiting === 0) return;
    // Without any position yet, history waits a moment for it, but not for ever.
    if (!this.#newest && now_ms - this.seen.peek().began_ms < FIRST_MS) return;
    if (this.#batch && now_ms - this.#batch.sent_ms < ANSWER_MS) return;
    const batch = { times: [] as number[], sent_ms: now_ms };
    this.#batch = batch;
    const fixes = await this.#keep.nextFixes();
    batch.times = fixes.map((fix) => fix.at_ms);
    if (fixes.length === 0) {
      this.#batch = null;
      this.#see({ waiting: 0 });
    } else if (!this.#feed.send({ type: 'fixes', sent_ms: Date.now(), fixes })) this.#batch = null;
  }

  async #taken({ kept, conflated, refused }: ToldFixesTaken): Promise<void> {
    this.#hear();
    const batch = this.#batch;
    if (batch && kept + conflated + refused.length === batch.times.length) {
      this.#batch = null;
      this.#see({ waiting: await this.#keep.dropFixes(batch.times) });
      return this.#sendKept();
    }
    const why = refused.find(({ reason }) => !HARMLESS.has(reason));
    if (why) this.#see({ refused: why.reason });
  }
}
