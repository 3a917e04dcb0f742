// The last thirty days: how long responses took, and what share was in time beside what was promised.
import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { lang } from '../../shared/i18n.ts';
import type { Area } from '../../shared/screen.tsx';
import { theme } from '../../shared/theme.ts';
import type { Line } from '../chart/chart.ts';
import { daysTo, trend, type TrendDay } from '../logic/past.ts';
import { TREND_DAYS, type Past } from '../state/past.ts';
import { dayText, minutes, percent, seconds } from '../text.ts';
import { say } from '../words.ts';
import { ReadLine } from './read_line.tsx';

export function TrendPane({ past, area }: { past: Past; area: Area }) {
  const report = past.trend.value.value;
  const days = useMemo(() => (report ? trend(daysTo(report.to, TREND_DAYS), report.groups) : []), [report]);
  const at = useSignal<number | null>(null);
  const shown = days[at.value ?? days.findLastIndex(({ counted }) => counted > 0)];
  return (
    <section class="panel trend" aria-labelledby="trend-head" data-test="trend">
      <h2 id="trend-head">{say('trend.title')}</h2>
      {report && report.whole.counted === 0 && <p class="dim">{say('trend.empty')}</p>}
      {report && report.whole.counted > 0 && (
        <>
          <Chart title={say('trend.response')} days={days} lines={responseLines(days, area)} at={at} axis={minutes60} />
          <Chart title={say('trend.share')} days={days} lines={shareLines(days)} at={at} axis={String} range={shareRange(days)} />
          {shown && <p class="small figures readout" data-test="day">{dayLine(shown)}</p>}
          {past.late > 0 && <p class="small warn" data-test="open-late">{say('trend.open_late', { count: past.late })}</p>}
          <details>
            <summary>{say('trend.table')}</summary>
            <Table days={days} />
          </details>
        </>
      )}
      <ReadLine reading={past.trend} at={report?.at} zone={area.zone} />
    </section>
  );
}

const minutes60 = (value: number) => minutes(value * 60);

function dayLine({ day, counted, p50_s, p90_s, p95_s, share }: TrendDay): string {
  return say('trend.day', { day: dayText(day), count: counted, p50: seconds(p50_s), p90: seconds(p90_s), p95: seconds(p95_s), share: percent(share) });
}

function responseLines(days: TrendDay[], { level, targets }: Area): Line[] {
  const in_minutes = (s: number | null) => (s === null ? null : s / 60);
  const lines: Line[] = [
    { label: say('trend.p50'), colour: '--free', marks: true, values: days.map(({ p50_s }) => in_minutes(p50_s)) },
    { label: say('trend.p90'), colour: '--dispatched', dash: [8, 3], marks: true, values: days.map(({ p90_s }) => in_minutes(p90_s)) },
    { label: say('trend.p95'), colour: '--enroute', dash: [2, 3], marks: true, values: days.map(({ p95_s }) => in_minutes(p95_s)) },
  ];
  // One line only where every priority has the same target.
  const [target_ms] = targets;
  if (level === 'city' && target_ms !== undefined && targets.every((other) => other === target_ms)) {
    lines.push({ label: say('trend.target', { minutes: minutes(target_ms / 1_000) }), colour: '--onscene', marks: false, values: days.map(() => target_ms / 60_000) });
  }
  return lines;
}

function shareLines(days: TrendDay[]): Line[] {
  const in_percent = (share: number | null) => (share === null ? null : share * 100);
  // What was promised goes on over days without incidents.
  let promised: number | null = days.find((day) => day.promised !== null)?.promised ?? null;
  const promises = days.map((day) => in_percent((promised = day.promised ?? promised)));
  return [
    { label: say('trend.kept'), colour: '--free', marks: true, values: days.map(({ share }) => in_percent(share)) },
    { label: say('trend.promised'), colour: '--onscene', dash: [8, 4], marks: false, values: promises },
  ];
}

/** From the ten below the least to all. */
function shareRange(days: TrendDay[]): [number, number] {
  const all = days.flatMap(({ share, promised }) => [share, promised]).filter((share) => share !== null);
  return [Math.max(Math.floor(Math.min(...all, 0.8) * 10 - 1) * 10, 0), 101];
}

interface ChartProps {
  title: string;
  days: TrendDay[];
  lines: Line[];
  at: Signal<number | null>;
  axis: (value: number) => string;
  range?: [number, number];
}

function Chart({ title, days, lines, at, axis, range }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const key = JSON.stringify([lines, range, theme.value, lang.value]);
  useEffect(() => {
    const parent = box.current!;
    let end: (() => void) | undefined;
    let over = false;
    void import('../chart/chart.ts').then(({ makeChart }) => {
      if (over) return;
      const dayAxis = (day: string) => `${Number(day.slice(8))}/${Number(day.slice(5, 7))}`;
      const chart = makeChart(parent, {
        days: days.map(({ day }) => day), lines, axis, dayAxis, onDay: (day) => (at.value = day), ...(range ? { range } : {}),
      });
      const watch = new ResizeObserver(() => chart.setSize({ width: parent.clientWidth, height: parent.clientHeight }));
      watch.observe(parent);
      end = () => {
        watch.disconnect();
        chart.destroy();
      };
    });
    return () => {
      over = true;
      end?.();
    };
  }, [key]);
  return (
    <figure>
      <figcaption class="line small"><b>{title}</b> {lines.map((line) => <Key key={line.label} line={line} />)}</figcaption>
      <div class="plot" ref={box} role="img" aria-label={`${title}: ${lines.map(({ label }) => label).join(', ')}`} />
    </figure>
  );
}

/** The line as it is in the chart, with its name. */
function Key({ line: { label, colour, dash, marks } }: { line: Line }) {
  return (
    <span class="key">
      <svg viewBox="0 0 28 8" aria-hidden="true">
        <line x1="0" y1="4" x2="28" y2="4" stroke={`var(${colour})`} stroke-width="2" stroke-dasharray={dash?.join(' ')} />
        {marks && <circle cx="14" cy="4" r="3" fill={`var(${colour})`} />}
      </svg>
      {label}
    </span>
  );
}

function Table({ days }: { days: TrendDay[] }) {
  const columns = ['trend.date', 'trend.count', 'trend.p50', 'trend.p90', 'trend.p95', 'trend.kept', 'trend.promised'] as const;
  return (
    <table class="small">
      <thead><tr>{columns.map((key) => <th key={key} scope="col">{say(key)}</th>)}</tr></thead>
      <tbody>
        {days.filter(({ counted }) => counted > 0).reverse().map((day) => (
          <tr key={day.day}>
            <th scope="row">{dayText(day.day)}</th><td>{day.counted}</td><td>{seconds(day.p50_s)}</td><td>{seconds(day.p90_s)}</td><td>{seconds(day.p95_s)}</td>
            <td>{percent(day.share, 1)}</td><td>{percent(day.promised, 1)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
