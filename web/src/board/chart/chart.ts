// One chart of days by uPlot: lines that differ by dash and mark, not only by colour; days without incidents stay gaps.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colours } from '../../shared/map/colours.ts';

export interface Line {
  label: string;
  /** A colour of the theme. */
  colour: string;
  /** On and off, pixels; none for a full line. */
  dash?: number[];
  /** Whether each day has a mark. */
  marks: boolean;
  values: (number | null)[];
}

export interface ChartParts {
  days: readonly string[];
  lines: Line[];
  /** Least and greatest of the scale where they are given; otherwise as the values need it. */
  range?: [number, number];
  axis: (value: number) => string;
  dayAxis: (day: string) => string;
  /** The day below the pointer; null where there is none. */
  onDay: (at: number | null) => void;
}

const FONT = "12px system-ui, 'Noto Sans', sans-serif";

export function makeChart(parent: HTMLElement, parts: ChartParts): uPlot {
  const tone = colours();
  const xs = parts.days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1_000);
  const axis = { stroke: tone.dim, font: FONT, ticks: { stroke: tone.line, width: 1 }, grid: { stroke: tone.line, width: 0.5 } };
  const options: uPlot.Options = {
    width: Math.max(parent.clientWidth, 50), height: Math.max(parent.clientHeight, 50),
    legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
    tzDate: (s) => uPlot.tzDate(new Date(s * 1_000), 'Etc/UTC'),
    scales: { x: { time: false }, y: { range: parts.range ? () => parts.range! : (_, least, most) => [Math.min(0, least), Math.max(most * 1.1, 1)] } },
    axes: [
      { ...axis, space: 64, size: 24, splits: () => weekly(xs), values: (_, splits) => splits.map((s) => parts.dayAxis(new Date(s * 1_000).toISOString().slice(0, 10))) },
      { ...axis, size: 44, values: (_, splits) => splits.map(parts.axis) },
    ],
    series: [{}, ...parts.lines.map((line): uPlot.Series => ({
      label: line.label, stroke: tone.of(line.colour), width: 2, spanGaps: false, ...(line.dash ? { dash: line.dash } : {}),
      points: { show: line.marks, size: 6, fill: tone.of(line.colour) },
    }))],
    hooks: { setCursor: [(plot) => parts.onDay(plot.cursor.idx ?? null)] },
  };
  return new uPlot(options, [xs, ...parts.lines.map(({ values }) => values)], parent);
}

/** Every seventh day, the last one among them. */
function weekly(xs: readonly number[]): number[] {
  return xs.filter((_, i) => (xs.length - 1 - i) % 7 === 0);
}
