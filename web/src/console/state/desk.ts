// The console's state: the picture, kept up with the feed; positions; who sits where; what is chosen.
//
// Invariant: an object that an event touched is read again after it, so that the picture is never older than the journal
// that was heard, but for the time of one request.
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { components } from '../../gen/api.ts';
import type { PositionFrame, ToldPositions, ToldReset, ToldEvent } from '../../gen/frames.ts';
import { pause } from '../../shared/backoff.ts';
import { isPassing, LoggedOut, Problem } from '../../shared/problem.ts';
import type { Area, Work } from '../../shared/screen.tsx';
import type { Role } from '../../shared/session.ts';
import { orderer, type Ordered } from '../logic/units.ts';
import { apply, areaOf, empty, prune, reset, type Picture, type Stale } from './picture.ts';

type Schemas = components['schemas'];
export type IncidentBody = Schemas['IncidentBody'];
export type Kind = Schemas['Kind'];
export type Shift = Schemas['Shift'];
export type DeskBody = Schemas['Desk'];

/** What was heard of an area's journal. */
export interface Read {
  seq: number;
  events: number;
  resets: number;
  resumes: number;
}

/** Requests that read something anew at the same time. */
const READS_MAX = 4;
/** Changes are shown together once in so long, milliseconds. */
const SHOW_MS = 50;

export class Desk {
  readonly work: Work;
  readonly #picture: Picture = empty();
  /** Counts the changes of `picture` and `bodies`. */
  readonly changed = signal(0);
  readonly positions = new Map<string, PositionFrame>();
  /** Counts the frames of positions. */
  readonly moved = signal(0);
  readonly #bodies = new Map<string, IncidentBody>();
  readonly kinds = signal<Kind[]>([]);
  readonly desks = signal<DeskBody[]>([]);
  readonly shifts = signal<Shift[]>([]);
  /** The shapes of cities and their districts. */
  readonly outlines = signal<Schemas['OutlineFeatureBody'][]>([]);
  /** What operations lay the maps on. */
  readonly basemap = signal<Schemas['Basemap'] | null>(null);
  /** How far each area's journal was read, and how. */
  readonly read = signal<ReadonlyMap<string, Read>>(new Map());
  /** The units in the order of the list, as of the last change. */
  readonly ordered: ReadonlySignal<Ordered>;
  readonly #stale = new Set<Stale>();
  /** What was touched again while it was read. */
  readonly #reading = new Map<Stale, boolean>();
  #show: ReturnType<typeof setTimeout> | undefined;

  constructor(work: Work) {
    this.work = work;
    const order = orderer();
    this.ordered = computed(() => {
      void this.changed.value;
      return order(this.#picture);
    });
  }

  /** What is known. Whoever reads it while drawing is drawn anew when it changes. */
  get picture(): Picture {
    void this.changed.value;
    return this.#picture;
  }

  /** Whole incidents, as far as somebody looked at them; read as `picture` is. */
  get bodies(): ReadonlyMap<string, IncidentBody> {
    void this.changed.value;
    return this.#bodies;
  }

  get account(): string {
    return this.work.session.login.value?.account ?? '';
  }

  /** The desk where this account sits. */
  get seat(): string | null {
    return this.shifts.value.find((shift) => shift.account === this.account)?.desk ?? null;
  }

  /** Whether this account has one of these roles in an area: by a grant there, or above it. */
  may(roles: readonly Role[], area: string): boolean {
    const grants = this.work.session.login.value?.grants ?? [];
    const areas = this.work.areas.value;
    for (let at: string | null | undefined = area; at; at = areas.find(({ code }) => code === at)?.parent) {
      if (grants.some((grant) => grant.area === at && roles.includes(grant.role))) return true;
    }
    return false;
  }

  /** Reads what does not change by itself: settings, kinds, and the shapes of cities and districts. */
  async begin(areas: Area[]): Promise<void> {
    try {
      const { basemap, stale_ms } = await this.#patiently(() => this.work.api.get('/screens/settings'));
      this.basemap.value = basemap ?? null;
      this.picture.stale_ms = stale_ms;
      this.touch();
      this.kinds.value = await this.#patiently(() => this.work.api.get('/kinds'));
      const cities = areas.filter(({ level }) => level === 'city');
      const bodies = await Promise.all(cities.map(({ code }) => this.#patiently(() => this.work.api.get('/areas/{code}/outline', { path: { code } }))));
      this.outlines.value = bodies.flatMap(({ features }) => features);
    } catch (error) {
      // A login that has ended shows by itself.
      if (!(error instanceof LoggedOut || error instanceof Problem)) throw error;
    }
  }

  reset(area: Area, frame: ToldReset): void {
    if (frame.desk) reset(this.#picture, area.code, frame.desk);
    this.#count(area.code, ({ resets }) => ({ resets: resets + 1, seq: frame.cursor }));
    this.readAnew([`desks ${area.code}`, ...[...this.#bodies.keys()].filter((id) => areaOf(id) === area.code).map((id) => `incident ${id}` as Stale)]);
    this.touch();
  }

  resumed(area: Area): void {
    this.#count(area.code, ({ resumes }) => ({ resumes: resumes + 1 }));
  }

  event({ area, seq, event }: ToldEvent): void {
    this.#count(area, ({ events }) => ({ events: events + 1, seq }));
    const stale = apply(this.#picture, event);
    if (event.kind === 'shift.began' || event.kind === 'shift.ended') stale.push(`desks ${areaOf(event.body.desk)}`);
    this.readAnew(stale);
    prune(this.#picture);
    this.touch();
  }

  #count(area: string, by: (read: Read) => Partial<Read>): void {
    const before = this.read.peek().get(area) ?? { seq: 0, events: 0, resets: 0, resumes: 0 };
    this.read.value = new Map(this.read.peek()).set(area, { ...before, ...by(before) });
  }

  positionsTold({ units }: ToldPositions): void {
    for (const unit of units) {
      if (unit.place) this.positions.set(unit.unit, unit);
      else this.positions.delete(unit.unit);
    }
    this.moved.value++;
  }

  /** Shows what changed, together with what changes in the same moment. */
  touch(): void {
    this.#show ??= setTimeout(() => {
      this.#show = undefined;
      this.changed.value++;
    }, SHOW_MS);
  }

  readAnew(stale: Stale[]): void {
    for (const one of stale) {
      if (this.#reading.has(one)) this.#reading.set(one, true);
      else this.#stale.add(one);
    }
    this.#pump();
  }

  /** Keeps the whole of an incident from now on. */
  look(id: string): void {
    this.readAnew([`incident ${id}`]);
  }

  #pump(): void {
    for (const one of this.#stale) {
      if (this.#reading.size >= READS_MAX) return;
      this.#stale.delete(one);
      this.#reading.set(one, false);
      void this.#read(one).finally(() => {
        const again = this.#reading.get(one);
        this.#reading.delete(one);
        if (again) this.#stale.add(one);
        this.#pump();
      });
    }
  }

  async #read(one: Stale): Promise<void> {
    const at = one.indexOf(' ');
    const [what, id] = [one.slice(0, at), one.slice(at + 1)];
    try {
      await this.#patiently(() => this.#readOne(what, id));
    } catch (error) {
      // Not there, or not for this account: it is not shown. Other problems leave what is known.
      if (error instanceof Problem && error.status === 404) this.#gone(what, id);
    }
    this.touch();
  }

  async #readOne(what: string, id: string): Promise<void> {
    const { api } = this.work;
    if (what === 'report') this.#picture.reports.set(id, await api.get('/reports/{id}', { path: { id } }));
    if (what === 'unit') this.#picture.units.set(id, await api.get('/units/{id}', { path: { id } }));
    if (what === 'incident') {
      const body = await api.get('/incidents/{id}', { path: { id } });
      this.#picture.incidents.set(id, body.incident);
      for (const dispatch of body.dispatches) this.#picture.dispatches.set(dispatch.id, dispatch);
      this.#bodies.set(id, body);
    }
    if (what === 'desks') {
      const { desks, shifts } = await api.get('/areas/{code}/desks', { path: { code: id } });
      const others = <T extends { desk?: string; id?: string }>(all: T[]) => all.filter((one) => areaOf(one.desk ?? one.id ?? '') !== id);
      this.desks.value = [...others(this.desks.value), ...desks].sort((a, b) => a.id.localeCompare(b.id));
      this.shifts.value = [...others(this.shifts.value), ...shifts];
    }
  }

  #gone(what: string, id: string): void {
    if (what === 'report') this.#picture.reports.delete(id);
    if (what === 'incident') this.#picture.incidents.delete(id);
    if (what === 'unit') this.#picture.units.delete(id);
  }

  async #patiently<T>(read: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await read();
      } catch (error) {
        if (!isPassing(error)) throw error;
        await new Promise((next) => setTimeout(next, pause(tries, 5_000)));
      }
    }
  }
}
