// The crew of one phone, from a login to its end: the unit that it rides with, its work, its taps, its position.
//
// Invariants: the work is what the server said; what was tapped stands beside it until the server has answered; the app
// opens with what it knew last, and says so by the line's state.
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import type { Dispatch, Disposition, Incident } from '../gen/frames.ts';
import type { Command } from '../shared/commands.ts';
import type { Problem } from '../shared/problem.ts';
import type { Work } from '../shared/screen.tsx';
import { deviceId, uuid } from '../shared/ids.ts';
import { answered, heard, picture, type Ending, type Job, type News, type Told } from './jobs.ts';
import { Keep } from './kept.ts';
import { Outbox } from './outbox.ts';
import { keepAwake } from '../shared/awake.ts';
import { buzz } from './phone.ts';
import { Reach } from './reach.ts';
import { holds, isPast, shown, type Step } from './steps.ts';
import { Tracker } from './tracker.ts';

export interface Riding {
  unit: string;
  /** Whether this phone's fixes are the unit's position. */
  source: boolean;
}

/** What the crew has to know and confirms by a touch. */
export type Notice =
  | { is: 'ended'; incident: string; how: Ending; why: string | null }
  | { is: 'refused'; what: Command; problem: Problem }
  | { is: 'helped'; incident: string }
  | { is: 'removed'; unit: string };

/** A position for a panic may be so old, milliseconds; beyond it the unit's last place is better known to the server. */
const PLACE_MS = 300_000;
export class Crew {
  readonly riding = signal<Riding | null>(null);
  readonly jobs = signal<Job[]>([]);
  readonly notices = signal<Notice[]>([]);
  readonly reach: Reach;
  readonly outbox: Outbox;
  readonly tracker: Tracker;
  readonly work: Work;
  readonly keep: Keep;
  /** The unit of the last time, to be offered first. */
  readonly lastUnit: string | null;

  constructor(work: Work, account: string) {
    this.work = work;
    this.keep = new Keep(account);
    this.reach = new Reach(work.feed);
    this.tracker = new Tracker(work.feed, this.keep, this.reach);
    this.outbox = new Outbox(work.feed, this.keep, this.reach, {
      done: (tap, ok) => this.#done(tap, ok),
      refused: (tap, problem) => this.#refused(tap, problem),
    });
    this.riding.value = this.keep.read<Riding>('riding');
    this.jobs.value = this.riding.value ? (this.keep.read<Job[]>('jobs') ?? []) : [];
    this.lastUnit = this.keep.read<string>('unit');
  }

  /** The work in hand as the crew sees it: taps that wait count. */
  readonly now = computed(() => {
    const all = this.jobs.value.map((job) => ({ job, status: shown(job.status, this.#tapped(job.dispatch)) }));
    return { held: all.find(({ status }) => holds(status)) ?? null, queued: all.filter(({ status }) => status === 'queued') };
  });

  start(): () => void {
    const { feed } = this.work;
    let rode: string | null = null;
    let unfollow = () => {};
    let rest = () => {};
    const unit = computed(() => this.riding.value?.unit ?? null);
    const is_source = computed(() => this.riding.value?.source ?? false);
    const ends = [
      this.reach.start(),
      effect(() => this.#ride(feed.hello.value)),
      effect(() => {
        const now = unit.value;
        untracked(() => {
          unfollow();
          if (rode !== null && rode !== now) this.#leave();
          rode = now;
          unfollow = now === null ? () => {} : this.#follow(now);
        });
        document.documentElement.dataset.riding = String(now !== null);
      }),
      effect(() => {
        const tells = unit.value !== null && is_source.value;
        untracked(() => {
          rest();
          rest = tells ? this.tracker.start() : () => {};
        });
      }),
      effect(() => (unit.value === null ? undefined : keepAwake())),
      effect(() => {
        const status = this.now.value.held?.status;
        this.tracker.is_working = status === 'accepted' || status === 'en_route' || status === 'offered';
      }),
      effect(() => this.keep.write('riding', this.riding.value)),
      effect(() => this.keep.write('jobs', this.riding.value ? this.jobs.value : null)),
      // Each new line: what is offered is acknowledged again, in case the last word was lost.
      effect(() => {
        if (!this.reach.up.value) return;
        const offered = this.jobs.peek().filter((job) => job.status === 'offered');
        untracked(() => offered.forEach((job) => this.#acknowledge(job)));
      }),
      this.outbox.start(),
    ];
    return () => {
      unfollow();
      rest();
      ends.forEach((end) => end());
      delete document.documentElement.dataset.riding;
    };
  }

  async signOn(unit: string, position_source: boolean): Promise<void> {
    const device = this.#device();
    await this.work.api.command('post', '/units/{id}/sign-on', { path: { id: unit }, body: { device, position_source } });
    this.keep.write('unit', unit);
    // The server's own word follows over the line.
    this.riding.value ??= { unit, source: position_source };
  }

  async signOff(): Promise<void> {
    const unit = this.riding.peek()?.unit;
    if (!unit) return;
    await this.work.api.command('post', '/units/{id}/sign-off', { path: { id: unit }, body: { device: this.#device() } });
    this.riding.value = null;
  }

  /** This phone becomes the unit's position. */
  async takeSource(): Promise<void> {
    const unit = this.riding.peek()?.unit;
    if (unit) await this.signOn(unit, true);
  }

  step(job: Job, to: Step, words: { reason?: string; disposition?: Disposition } = {}): void {
    buzz(60);
    this.outbox.add({ type: 'step', command_id: uuid(), dispatch: job.dispatch, to, ...words, at_ms: Date.now() });
  }

  note(incident: string, text: string): boolean {
    return this.outbox.add({ type: 'note', command_id: uuid(), incident, text, at_ms: Date.now() });
  }

  panic(): void {
    buzz([400, 100, 400]);
    const place = this.tracker.place(Date.now(), PLACE_MS);
    this.outbox.add({ type: 'panic', command_id: uuid(), ...(place && { place }), at_ms: Date.now() });
  }

  dismiss(notice: Notice): void {
    this.notices.value = this.notices.peek().filter((one) => one !== notice);
  }

  #device(): string {
    return deviceId('browser');
  }

  #tapped(dispatch: string) {
    return this.outbox.waiting.value.flatMap((tap) => (tap.type === 'step' && tap.dispatch === dispatch ? [tap.to] : []));
  }

  #ride(hello: { unit?: string | null; position_source: boolean } | null): void {
    if (!hello) return;
    const before = this.riding.peek();
    const { unit, position_source: source } = hello;
    if (unit) {
      if (before?.unit !== unit || before.source !== source) this.riding.value = { unit, source };
    } else if (before) {
      this.riding.value = null;
      this.#tell({ is: 'removed', unit: before.unit });
    }
  }

  /** What was of the unit before: its work, and where it was. */
  #leave(): void {
    batch(() => {
      this.jobs.value = [];
      this.outbox.drop((tap) => tap.type === 'step');
    });
    void this.tracker.forget();
  }

  #follow(unit: string): () => void {
    return this.work.feed.follow(unit.slice(0, unit.indexOf('-')), {
      reset: (frame) => this.#hear(picture(this.jobs.peek(), frame.work ?? [])),
      event: (frame) => this.#hear(heard(this.jobs.peek(), frame, unit)),
    });
  }

  #hear({ jobs, news }: Told): void {
    this.jobs.value = jobs;
    for (const one of news) this.#react(one);
  }

  #react(news: News): void {
    if (news.is === 'offered') this.#acknowledge(news.job);
    if (news.is === 'ordered' || news.is === 'updated') buzz([150, 80, 150]);
    if (news.is !== 'ended') return;
    const { job, how, why } = news;
    const taps = this.outbox.waiting.peek().filter((tap) => tap.type === 'step' && tap.dispatch === job.dispatch);
    const is_own = how === 'cleared' || how === 'declined' || (how === 'gone' && taps.length > 0);
    if (!is_own) this.outbox.drop((tap) => taps.includes(tap));
    if (!is_own) this.#tell({ is: 'ended', incident: job.incident, how, why });
  }

  #acknowledge({ dispatch }: Job): void {
    this.work.feed.send({ type: 'delivered', dispatch });
  }

  #done(tap: Command, ok: unknown): void {
    if (tap.type === 'step') this.#hear(answered(this.jobs.peek(), ok as Dispatch));
    if (tap.type === 'panic') this.#tell({ is: 'helped', incident: (ok as Incident).id });
  }

  #refused(tap: Command, problem: Problem): void {
    if (tap.type === 'step') {
      // Another phone of the crew, or a dispatcher, was faster: what was wanted is so.
      if (problem.details.state && isPast(problem.details.state, tap.to)) return;
      this.outbox.drop((later) => later.type === 'step' && later.dispatch === tap.dispatch);
      // How things stand now is asked anew.
      const unit = this.riding.peek()?.unit;
      if (unit) this.#follow(unit);
    }
    this.#tell({ is: 'refused', what: tap, problem });
  }

  #tell(notice: Notice): void {
    buzz(200);
    this.notices.value = [...this.notices.peek(), notice].slice(-5);
  }
}
