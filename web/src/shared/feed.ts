// The live feed: a socket that comes back by itself and goes on where it was.
//
// Invariants: a follower sees each event once and in order, or a `reset` that stands for all before; what is shown as
// live was heard of within the last two heartbeats; at most one socket is open.
import { batch, signal, type ReadonlySignal } from '@preact/signals';
import type { ClientFrame, SendView, ServerFrame, ToldEvent, ToldHello, ToldReset, ToldRiding } from '../gen/frames.ts';
import type { Api } from './api.ts';
import { pause } from './backoff.ts';
import { hearTime } from './clock.ts';
import { meaning, type Ended } from './closes.ts';
import { Commands, type Command } from './commands.ts';
import { Cursors } from './cursors.ts';
import { Line } from './line.ts';
import { LoggedOut, Problem, waitOf } from './problem.ts';
import { Silence } from './silence.ts';

export type FeedState =
  | { is: 'live' }
  /** No socket, or one that is not up to date yet. */
  | { is: 'reconnecting'; tries: number; since_ms: number }
  /** The socket looks open and says nothing. */
  | { is: 'stale'; since_ms: number }
  /** It does not come back by itself. */
  | { is: 'closed'; reason: Ended };

/** What follows an area's journal. */
export interface Follower {
  /** Start over from this picture. */
  reset(frame: ToldReset): void;
  /** The next event. */
  event(frame: ToldEvent): void;
  /** All that was missed has been told; from here on it is live. */
  resumed?(): void;
  /** This area cannot be followed now: another role, or no unit. */
  refused?(problem: Problem): void;
}

type Kind = ServerFrame['type'];
type FrameOf<K extends Kind> = Extract<ServerFrame, { type: K }>;

/** How often silence is looked at, milliseconds. */
const LOOK_MS = 250;

export interface FeedSettings {
  api: Api;
  device: string;
  /** The longest pause between tries, milliseconds. */
  longest_pause_ms: number;
}

export class Feed {
  readonly state = signal<FeedState>({ is: 'reconnecting', tries: 0, since_ms: Date.now() });
  /** Since when the picture stands still, by this device's clock; null while it moves. A screen covers itself by this. */
  readonly lostSince = signal<number | null>(null);
  /** How many sockets were opened so far. */
  readonly opened = signal(0);
  readonly #hello = signal<ToldHello | null>(null);
  readonly #settings: FeedSettings;
  readonly #cursors = new Cursors();
  readonly #commands = new Commands();
  readonly #followers = new Map<string, Follower>();
  readonly #views = new Map<string, SendView>();
  readonly #listeners = new Map<Kind, Set<(frame: never) => void>>();
  readonly #silence = new Silence();
  /** Areas that were asked for and not answered yet. */
  readonly #waiting = new Set<string>();
  #line: Line | null = null;
  #turn = 0;
  #tries = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #come_back_ms: number | null = null;

  constructor(settings: FeedSettings) {
    this.#settings = settings;
    // The network is back, or the phone is in the hand again: the pause has no sense any more.
    addEventListener('online', () => this.retry());
    document.addEventListener('visibilitychange', () => document.hidden || this.retry());
  }

  /** What the server said first, with what it said later of the unit that this phone rides with. */
  get hello(): ReadonlySignal<ToldHello | null> {
    return this.#hello;
  }

  /** Opens the socket and keeps it; also after it was closed for good. */
  start(): void {
    this.#silence.hear();
    this.#watch ??= setInterval(() => this.#look(), LOOK_MS);
    this.#tries = 0;
    this.#connect();
  }

  /** Tries now instead of after the pause; a socket that says nothing is given up for it. */
  retry(): void {
    const { is } = this.state.peek();
    if (is === 'stale' || (is === 'reconnecting' && this.#line === null)) this.#connect();
  }

  stop(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
    this.#drop();
  }

  /** Follows an area's journal; gives what ends it. */
  follow(area: string, follower: Follower): () => void {
    this.#followers.set(area, follower);
    this.#cursors.unfollow(area);
    this.#cursors.follow(area);
    this.#subscribe([area]);
    return () => {
      if (this.#followers.get(area) !== follower) return;
      this.#followers.delete(area);
      this.#cursors.unfollow(area);
      this.#settle(area);
    };
  }

  /** Follows positions of an area within a box, or all of them; they come packed, and are heard as `positions`. */
  view(area: string, bounds?: SendView['bounds']): void {
    const frame: SendView = { type: 'view', area, ...(bounds ? { bounds } : {}), on: true, packed: true };
    this.#views.set(area, frame);
    this.send(frame);
  }

  endView(area: string): void {
    if (this.#views.delete(area)) this.send({ type: 'view', area, on: false });
  }

  /** Hears frames of a kind; gives what ends it. */
  on<K extends Kind>(kind: K, hear: (frame: FrameOf<K>) => void): () => void {
    const all = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, all.add(hear as (frame: never) => void));
    return () => all.delete(hear as (frame: never) => void);
  }

  /** Sends a frame that nobody waits for; says whether it was handed to the network. */
  send(frame: ClientFrame): boolean {
    return this.#hello.value !== null && (this.#line?.send(frame) ?? false);
  }

  /** Sends a command and gives what came of it. */
  command(frame: Command): Promise<unknown> {
    const reply = this.#commands.add(frame);
    this.send(frame);
    return reply;
  }

  async #connect(): Promise<void> {
    this.#drop();
    const turn = this.#turn;
    const state = this.state.peek();
    const since_ms = state.is === 'reconnecting' || state.is === 'stale' ? state.since_ms : Date.now();
    this.state.value = { is: 'reconnecting', tries: this.#tries, since_ms };
    try {
      const { ticket } = await this.#settings.api.post('/ws-ticket', { body: { device: this.#settings.device } });
      if (turn !== this.#turn) return;
      this.#line = new Line(ticket, {
        frame: (frame) => turn === this.#turn && batch(() => this.#take(frame)),
        end: (code) => turn === this.#turn && this.#ended(code),
      });
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error instanceof LoggedOut) this.#close('logged_out');
      else if (error instanceof Problem && error.status === 403) this.#close('revoked');
      else this.#later(waitOf(error));
    }
  }

  /** Lets the present socket go: from here on it says nothing any more. */
  #drop(): void {
    this.#turn++;
    clearTimeout(this.#again);
    this.#line?.giveUp();
    this.#line = null;
    this.#hello.value = null;
    this.#waiting.clear();
  }

  #later(at_least_ms: number): void {
    const wait_ms = Math.max(pause(this.#tries++, this.#settings.longest_pause_ms), at_least_ms);
    this.#again = setTimeout(() => this.#connect(), wait_ms);
  }

  #close(reason: Ended): void {
    this.stop();
    this.state.value = { is: 'closed', reason };
    this.lostSince.value = Date.now();
  }

  #ended(code: number): void {
    const means = meaning(code);
    if (!means.again) return this.#close(means.why);
    if (means.fresh) this.#cursors.forget();
    const wait_ms = this.#come_back_ms ?? 0;
    this.#come_back_ms = null;
    this.#drop();
    this.state.value = { is: 'reconnecting', tries: this.#tries, since_ms: Date.now() };
    this.#later(wait_ms);
  }

  #look(): void {
    const silence = this.#silence;
    const state = this.state.peek();
    const since_ms = Date.now() - silence.for_ms;
    this.lostSince.value = silence.lost ? (this.lostSince.peek() ?? since_ms) : null;
    if (state.is === 'live' && silence.lost) this.state.value = { is: 'stale', since_ms };
    if (state.is === 'stale' && silence.gone) this.#connect();
  }

  #take(frame: ServerFrame): void {
    this.#silence.hear();
    this.lostSince.value = null;
    if (this.state.peek().is === 'stale') this.#settle();
    this.#cursors.told(frame, this.#waiting);
    switch (frame.type) {
      case 'hello': this.#greet(frame); break;
      case 'riding': this.#ride(frame); break;
      case 'heartbeat': hearTime(frame.server_ms); break;
      case 'drain': this.#come_back_ms = frame.come_back_ms; break;
      case 'reply': this.#commands.hear(frame); break;
      case 'event': this.#event(frame); break;
      case 'reset': this.#followers.get(frame.area)?.reset(frame); this.#settle(frame.area); break;
      case 'resumed': this.#followers.get(frame.area)?.resumed?.(); this.#settle(frame.area); break;
      case 'problem': this.#refused(new Problem(frame.problem)); break;
    }
    for (const hear of this.#listeners.get(frame.type) ?? []) hear(frame as never);
  }

  #greet(hello: ToldHello): void {
    hearTime(hello.server_ms);
    this.#silence.expect(hello.heartbeat_ms);
    this.#hello.value = hello;
    this.opened.value++;
    this.#tries = 0;
    for (const command of this.#commands.unanswered) this.send(command);
    this.#subscribe(this.#cursors.areas);
    for (const view of this.#views.values()) this.send(view);
    this.#settle();
  }

  #ride({ unit, position_source }: ToldRiding): void {
    const hello = this.#hello.peek();
    if (hello) this.#hello.value = { ...hello, unit: unit ?? null, position_source };
  }

  #event(frame: ToldEvent): void {
    const order = this.#cursors.event(frame);
    if (order === 'next') this.#followers.get(frame.area)?.event(frame);
    else if (order === 'gap' && !this.#waiting.has(frame.area)) this.#subscribe([frame.area]);
  }

  #subscribe(areas: string[]): void {
    if (areas.length === 0 || !this.send({ type: 'subscribe', areas: this.#cursors.since(areas) })) return;
    for (const area of areas) this.#waiting.add(area);
  }

  /** A problem with an area begins with its name. */
  #refused(problem: Problem): void {
    const area = /^(\w+): /.exec(problem.message)?.[1];
    if (area === undefined || !this.#waiting.has(area)) return;
    this.#followers.get(area)?.refused?.(problem);
    this.#settle(area);
  }

  /** An area has answered; once all have, what is shown is live. */
  #settle(area?: string): void {
    if (area !== undefined) this.#waiting.delete(area);
    if (this.#hello.peek() !== null && this.#waiting.size === 0) this.state.value = { is: 'live' };
  }
}
