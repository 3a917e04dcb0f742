// Tells the server where this phone is, and keeps what could not be sent.
//
// Invariants: on a new line the newest fix goes first and alone, whatever the line before seemed to take; history after
// it, newest first; a kept fix is forgotten only when the server has told what became of it; a phone that is not the
// unit's position sends nothing.
import { effect, signal, untracked } from '@preact/signals';
import type { FixFrame, ToldFixesTaken } from '../gen/frames.ts';
import type { Feed } from '../shared/feed.ts';
import { dated, isOwed, unheard, type Sent } from './backlog.ts';
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
/** How long an answer of the GPS may take, milliseconds. */
const GPS_MS = 10_000;
/** A watch that broke is begun anew no sooner than this after it was begun, milliseconds. */
const ANEW_MS = 3_000;
/** A fix dated further ahead than this was dated before the phone's clock was set back, milliseconds. */
const AHEAD_MS = 10_000;

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
  /** When the system says that it measured that one. */
  #measured_ms = 0;
  /** The device time of the newest fix that was sent or kept. */
  #taken_ms = 0;
  /** The device time of the newest fix that this line took; 0 on a new one. */
  #live_ms = 0;
  #sent: Sent[] = [];
  /** When the server refused a fix last. */
  #refused_ms = 0;
  #heard_ms = 0;
  /** The kept ones that are on their way. */
  #batch: { times: number[]; sent_ms: number } | null = null;
  #is_asking = false;
  #watch = 0;
  #watched_ms = 0;
  /** The GPS told an error, or nothing when it was asked. */
  #is_broken = false;

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
    this.#watchAnew();
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
      navigator.geolocation.clearWatch(this.#watch);
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

  /** Some browsers tell nothing more on a watch after an error of the GPS: a new one does. */
  #watchAnew(): void {
    const options = { enableHighAccuracy: true, maximumAge: 0 };
    navigator.geolocation.clearWatch(this.#watch);
    this.#is_broken = false;
    this.#watched_ms = Date.now();
    this.#watch = navigator.geolocation.watchPosition((at) => this.#take(at), (error) => this.#miss(error), options);
  }

  #take({ coords, timestamp }: GeolocationPosition, asked_ms = 0): void {
    const round = (value: number, per_unit: number) => Math.round(value * per_unit) / per_unit;
    if (asked_ms === 0) this.#is_broken = false;
    const measured_ms = Math.round(timestamp);
    const last = this.#newest && { at_ms: this.#newest.at_ms, measured_ms: this.#measured_ms };
    const at_ms = dated(last, measured_ms, asked_ms);
    if (at_ms === null) return;
    const fix: FixFrame = { at_ms, lat: round(coords.latitude, 1e7), lng: round(coords.longitude, 1e7) };
    fix.accuracy_m = round(coords.accuracy, 10);
    if (coords.speed !== null && Number.isFinite(coords.speed)) fix.speed_mps = round(Math.max(coords.speed, 0), 10);
    if (coords.heading !== null && Number.isFinite(coords.heading)) fix.heading_deg = round(coords.heading, 1);
    if (battery.peek()) fix.battery_pct = battery.peek()!.pct;
    this.#newest = fix;
    this.#measured_ms = measured_ms;
    this.#see({ permission: 'granted', fix: { at_ms: fix.at_ms, accuracy_m: coords.accuracy } });
    this.#turn();
  }

  #miss(error: GeolocationPositionError): void {
    if (error.code === error.PERMISSION_DENIED) this.#see({ permission: 'denied' });
    else this.#is_broken = true;
  }

  #turn(): void {
    const now_ms = Date.now();
    this.#see({});
    const pause_ms = pauseOf({
      speed_mps: this.#newest?.speed_mps ?? null, is_working: this.is_working,
      battery_pct: battery.peek()?.pct ?? null, is_charging: battery.peek()?.is_charging ?? false,
    });
    if (this.#newest && this.#newest.at_ms > now_ms + AHEAD_MS) this.#setBack();
    const newest = this.#newest;
    // A little early is better than a whole look late.
    const is_due = now_ms - this.#taken_ms >= pause_ms - LOOK_MS / 2;
    const told = { is_up: this.#reach.up.peek(), live_ms: this.#live_ms, taken_ms: this.#taken_ms };
    if (newest && isOwed(newest.at_ms, is_due, told)) this.#tell(newest);
    else if (this.#is_broken) this.#mend(now_ms);
    // Who stands still gives the browser nothing to tell: it is asked.
    else if (is_due && !this.#is_asking && now_ms - (newest?.at_ms ?? 0) >= pause_ms) this.#ask();
    void this.#sendKept();
  }

  #mend(now_ms: number): void {
    if (!this.#is_asking && Math.abs(now_ms - this.#watched_ms) >= ANEW_MS) this.#watchAnew();
  }

  #ask(): void {
    this.#is_asking = true;
    // With no age permitted, the answer holds for the moment of the question, even where the system dates it back.
    const asked_ms = Date.now();
    const done = () => (this.#is_asking = false);
    const options = { enableHighAccuracy: true, maximumAge: 0, timeout: GPS_MS };
    const take = (at: GeolocationPosition) => this.#take(at, asked_ms);
    navigator.geolocation.getCurrentPosition((at) => { done(); take(at); }, (error) => { done(); this.#miss(error); }, options);
  }

  /** The phone's clock was set back: what was dated by it before says nothing of what is newer. */
  #setBack(): void {
    this.#newest = null;
    this.#taken_ms = this.#live_ms = 0;
  }

  #tell(fix: FixFrame): void {
    this.#taken_ms = Math.max(this.#taken_ms, fix.at_ms);
    const now_ms = Date.now();
    if (this.#reach.up.peek() && this.#feed.send({ type: 'fixes', sent_ms: now_ms, fixes: [fix] })) {
      this.#sent = [...this.#sent.slice(-60), { fix, sent_ms: now_ms }];
      this.#live_ms = fix.at_ms;
      // A fix that is taken gets no answer: the finding goes when one was not refused.
      const { sent_ms, refused } = this.seen.peek();
      this.#see({ sent_ms: now_ms, refused: this.#refused_ms >= (sent_ms ?? 0) ? refused : null });
    } else void this.#keepOf([fix]);
  }

  async #keepOf(fixes: FixFrame[]): Promise<void> {
    if (fixes.length > 0) this.#see({ waiting: await this.#keep.addFixes(fixes) });
  }

  /** A new line: nothing was told to it yet. */
  #begin(): void {
    this.#heard_ms = Date.now();
    this.#batch = null;
    this.#live_ms = 0;
    this.#turn();
  }

  /** The line is gone: what it may have swallowed is kept. */
  #end(): void {
    const lost = unheard(this.#sent, this.#heard_ms, Date.now());
    this.#sent = [];
    this.#live_ms = 0;
    void this.#keepOf(lost);
  }

  #hear(): void {
    this.#heard_ms = Date.now();
    this.#sent = this.#sent.filter((one) => one.sent_ms > this.#heard_ms - 2_000);
  }

  async #sendKept(): Promise<void> {
    const now_ms = Date.now();
    if (!this.#reach.up.peek() || this.seen.peek().waiting === 0) return;
    // Without any position yet, history waits a moment for it, but not for ever. Where there is one, it goes first: what
    // the server has as history can never move the pin.
    if (this.#newest ? this.#live_ms === 0 : now_ms - this.seen.peek().began_ms < FIRST_MS) return;
    if (this.#batch && now_ms - this.#batch.sent_ms < ANSWER_MS) return;
    const batch = { times: [] as number[], sent_ms: now_ms };
    this.#batch = batch;
    const fixes = await this.#keep.nextFixes(this.#live_ms, this.#newest?.at_ms ?? 0);
    // The line may be another one by now.
    if (this.#batch !== batch) return;
    batch.times = fixes.map((fix) => fix.at_ms);
    if (fixes.length === 0) {
      this.#batch = null;
      this.#see({ waiting: await this.#keep.countFixes() });
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
    if (!why) return;
    this.#refused_ms = Date.now();
    this.#see({ refused: why.reason });
  }
}
