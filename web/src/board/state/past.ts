// Figures of past days and of the map, read again when something was decided and once a minute in any case.
import { computed, effect, signal } from '@preact/signals';
import type { components } from '../../gen/api.ts';
import type { Answer, Parts } from '../../shared/api.ts';
import { serverNow } from '../../shared/clock.ts';
import { dayKey } from '../../shared/format.ts';
import { outlinesOf, type OutlineFeature } from '../../shared/map/outlines.ts';
import type { Area, Work } from '../../shared/screen.tsx';
import type { Coverage, Mode } from '../logic/cells.ts';
import { daysTo, type Report } from '../logic/past.ts';
import type { Live } from './live.ts';
import { Reading } from './reading.ts';

type Priority = components['schemas']['Priority'];
type ReportPath = '/areas/{code}/sla/report';
type ReportQuery = NonNullable<Parts<'get', ReportPath>['query']>;

/** Days of the trend. */
export const TREND_DAYS = 30;
/** Spans that the map of incidents may show, days. */
export const SPANS = [1, 7, 30] as const;

/** How often figures that may have changed are read at most, milliseconds. */
const CHANGED_MS = 5_000;
/** How often they are read in any case, milliseconds. */
const AGAIN_MS = 60_000;
/** How often coverage is read while it is looked at, milliseconds. */
const COVERAGE_MS = 10_000;

export class Past {
  readonly trend = new Reading<Report>();
  readonly cells = new Reading<Report>();
  readonly coverage = new Reading<Coverage>();
  readonly #outline = new Reading<{ of: string; features: OutlineFeature[] }>();
  /** What is drawn below: the area, or the city whose coverage is shown. */
  readonly outlines = computed(() => outlinesOf(this.#outline.value.value?.features ?? []));
  readonly mode = signal<Mode>('incidents');
  readonly span = signal<(typeof SPANS)[number]>(30);
  readonly priority = signal<Priority>('P1');
  /** The city that somebody chose for coverage; it counts while it lies in the area. */
  readonly wish = signal<string | null>(null);
  /** The city whose coverage is shown. */
  readonly city = computed(() => {
    const codes = this.cities().map(({ code }) => code);
    return codes.find((code) => code === this.wish.value) ?? codes[0] ?? null;
  });
  readonly #work: Work;
  readonly #live: Live;
  /** Counts the reasons to read again. */
  readonly #again = signal(0);
  readonly #moved = signal(0);
  #read_ms = 0;
  #decided = 0;

  constructor(work: Work, live: Live) {
    this.#work = work;
    this.#live = live;
  }

  /** The area that is shown, whole. */
  get area(): Area | null {
    return this.#work.areas.value.find(({ code }) => code === this.#live.area.value) ?? null;
  }

  /** Late and still open now: in no day's figures yet. */
  get late(): number {
    return this.#live.told.value?.standing?.breached ?? 0;
  }

  begin(): () => void {
    const timers = [setInterval(() => this.#look(), CHANGED_MS), setInterval(() => this.#moved.value++, COVERAGE_MS)];
    const ends = [
      effect(() => {
        const area = this.area;
        void this.#again.value;
        if (area) void this.trend.read(area.code, () => this.#report(area, TREND_DAYS, 'day'));
      }),
      effect(() => {
        const [area, days] = [this.area, this.span.value];
        void this.#again.value;
        if (area) void this.cells.read(`${area.code} ${days}`, () => this.#report(area, days, 'cell'));
      }),
      effect(() => {
        const [code, priority] = [this.city.value, this.priority.value];
        if (code === null) return;
        if (this.mode.value !== 'coverage') return;
        void this.#moved.value;
        const query = { path: { code }, query: { priority } };
        void this.coverage.read(`${code} ${priority}`, () => this.#work.api.get('/areas/{code}/coverage', query));
      }),
      effect(() => {
        const code = (this.mode.value === 'coverage' ? this.city.value : null) ?? this.area?.code;
        void this.#again.value;
        // Shapes hardly ever change: tried again only until they have come.
        if (!code || this.#outline.value.peek()?.of === code) return;
        const read = async () => ({ of: code, features: (await this.#work.api.get('/areas/{code}/outline', { path: { code } })).features });
        void this.#outline.read(code, read);
      }),
    ];
    return () => {
      timers.forEach(clearInterval);
      for (const end of ends) end();
    };
  }

  /** Cities that lie in the area. */
  cities(): Area[] {
    const [area, all] = [this.area, this.#work.areas.value];
    if (area === null) return [];
    const below = (top: string): Area[] => all.filter(({ parent }) => parent === top).flatMap((one) => [one, ...below(one.code)]);
    return [area, ...below(area.code)].filter(({ level }) => level === 'city');
  }

  #look(): void {
    const { decided_today = 0, excluded_today = 0 } = this.#live.told.peek()?.standing ?? {};
    if (decided_today + excluded_today === this.#decided && Date.now() - this.#read_ms < AGAIN_MS) return;
    this.#decided = decided_today + excluded_today;
    this.#again.value++;
  }

  async #report({ code, zone }: Area, days: number, by: 'day' | 'cell'): Promise<Answer<'get', ReportPath>> {
    this.#read_ms = Date.now();
    const all = daysTo(dayKey(serverNow(), zone), days);
    // The description gives `by` a type that no word has.
    const query = { from: all[0]!, to: all.at(-1)!, by, excluded_limit: 0 } as unknown as ReportQuery;
    return this.#work.api.get('/areas/{code}/sla/report', { path: { code }, query });
  }
}
