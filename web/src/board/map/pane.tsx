// The map pane: where incidents were, where they were late, how far help is now.
import { useEffect, useRef } from 'preact/hooks';
import { colours } from '../../shared/map/colours.ts';
import { SlaShape } from '../../shared/shapes.tsx';
import { theme } from '../../shared/theme.ts';
import { COUNT_STEPS, covered, heat, TIME_STEPS, type Coverage, type Mark, type Mode } from '../logic/cells.ts';
import { ReadLine } from '../panes/read_line.tsx';
import { SPANS, type Past } from '../state/past.ts';
import { minutes, percent } from '../text.ts';
import { say } from '../words.ts';
import { CellMap } from './cell_map.ts';
import { paint } from './tones.ts';

const MODES: Mode[] = ['incidents', 'late', 'coverage'];

export function MapPane({ past }: { past: Past }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useRef<CellMap>(undefined);
  const mode = past.mode.value;
  const coverage = past.coverage.value.value;
  const report = past.cells.value.value;
  const area = past.area;
  useEffect(() => {
    const made = new CellMap(canvas.current!);
    map.current = made;
    return () => made.end();
  }, []);
  const of = mode === 'coverage' ? past.city.value : (area?.code ?? null);
  const marks = mode === 'coverage' ? (coverage ? covered(coverage) : []) : report ? heat(report.groups, mode) : [];
  const outlines = past.outlines.value;
  const key = JSON.stringify([mode, of, mode === 'coverage' ? coverage?.at : report?.at]);
  useEffect(() => {
    if (!area) return;
    const centre = past.cities().find(({ code }) => code === of)?.centre ?? area.centre;
    void map.current?.show({ mode, about: `${mode === 'coverage' ? mode : 'heat'} ${of}`, marks, outlines, centre });
  }, [key, outlines]);
  return (
    <section class="panel map" aria-labelledby="map-head">
      <h2 id="map-head" class="hidden">{say('map.title')}</h2>
      <div class="line modes" role="group" aria-labelledby="map-head">
        {MODES.map((one) => (
          <button key={one} type="button" data-test={`mode-${one}`} aria-pressed={mode === one} onClick={() => (past.mode.value = one)}>{say(`map.${one}`)}</button>
        ))}
        <span class="gap" />
        {mode === 'coverage' ? <CoverageChoices past={past} /> : <SpanChoice past={past} />}
      </div>
      <div class="ground">
        <canvas ref={canvas} tabIndex={0} role="application" aria-label={say('map.label')} data-test="map" />
        <div class="map-keys">
          <button type="button" aria-label={say('map.in')} onClick={() => map.current?.zoom(1)}>+</button>
          <button type="button" aria-label={say('map.out')} onClick={() => map.current?.zoom(-1)}>−</button>
          <button type="button" onClick={() => map.current?.fit(true)}>{say('map.fit')}</button>
        </div>
        {report && mode !== 'coverage' && marks.length === 0 && <p class="empty">{say(mode === 'late' ? 'map.nonelate' : 'map.none')}</p>}
      </div>
      <Legend mode={mode} coverage={coverage} />
      {mode === 'coverage' ? <CoverageText coverage={coverage} /> : <HeatText past={past} marks={marks} />}
      {mode === 'coverage'
        ? <ReadLine reading={past.coverage} at={coverage?.at} zone={area?.zone} />
        : <ReadLine reading={past.cells} at={report?.at} zone={area?.zone} />}
    </section>
  );
}

function SpanChoice({ past }: { past: Past }) {
  return (
    <label>{say('map.span')}
      <select data-test="span" value={past.span.value} onChange={(event) => (past.span.value = Number(event.currentTarget.value) as (typeof SPANS)[number])}>
        {SPANS.map((days) => <option key={days} value={days}>{say(`span.${days}`)}</option>)}
      </select>
    </label>
  );
}

function CoverageChoices({ past }: { past: Past }) {
  const cities = past.cities();
  return (
    <>
      {cities.length > 1 && (
        <label>{say('map.city')}
          <select data-test="city" value={past.city.value ?? ''} onChange={(event) => (past.wish.value = event.currentTarget.value)}>
            {cities.map(({ code, name }) => <option key={code} value={code}>{name}</option>)}
          </select>
        </label>
      )}
      <label>{say('map.priority')}
        <select data-test="priority" value={past.priority.value} onChange={(event) => (past.priority.value = event.currentTarget.value as 'P1')}>
          {(['P1', 'P2', 'P3', 'P4'] as const).map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      </label>
    </>
  );
}

/** Each grade as it is on the map, with its words. */
function Legend({ mode, coverage }: { mode: Mode; coverage: Coverage | null }) {
  const target_s = coverage?.target_s ?? 600;
  const grades: [Mark['grade'], string][] = mode === 'coverage'
    ? [...TIME_STEPS.map((share, i) => [i, say('legend.to', { minutes: minutes(share * target_s) })] as [number, string]),
      ['beyond', say('legend.beyond', { minutes: minutes(target_s) })], ['nobody', say('legend.nobody')]]
    : COUNT_STEPS.map((step, i) => [i, stepText(step, COUNT_STEPS[i + 1])]);
  const title = mode === 'coverage' ? say('legend.minutes', { minutes: minutes(target_s) }) : say(mode === 'late' ? 'legend.lates' : 'legend.counts');
  return (
    <div class="legend small" data-test="legend">
      <b>{title}</b>
      {grades.map(([grade, text]) => <span key={String(grade)} class="key"><Swatch mode={mode} grade={grade} /> {text}</span>)}
    </div>
  );
}

function stepText(from: number, next: number | undefined): string {
  if (next === undefined) return `${from}+`;
  return next - 1 > from ? `${from}–${next - 1}` : String(from);
}

function Swatch({ mode, grade }: { mode: Mode; grade: Mark['grade'] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const path = new Path2D('M2 2H46V30H2z');
    context.clearRect(0, 0, 48, 32);
    paint(context, path, mode, grade, colours(), 2);
  }, [mode, grade, theme.value]);
  return <canvas class="swatch" ref={canvas} width={48} height={32} aria-hidden="true" />;
}

/** Units whose going would uncover most, at most. */
const SENT_MAX = 3;

function CoverageText({ coverage }: { coverage: Coverage | null }) {
  if (!coverage) return null;
  const { units, left_out, share_of_area, features, target_s } = coverage;
  const sent = units.filter(({ uncovers }) => uncovers.share_of_area >= 0.005).sort((a, b) => b.uncovers.share_of_area - a.uncovers.share_of_area);
  const has_bands = features.some(({ properties }) => properties.target_s !== target_s);
  return (
    <div class="cover-text" data-test="coverage">
      <p><strong>{say('cover.share', { share: percent(share_of_area) })}</strong> · {say('cover.units', { count: units.length })}</p>
      {left_out.length > 0 && <p class="warn">{say('cover.left', { count: left_out.length })}</p>}
      {sent.length > 0 && (
        <ul class="small">
          {sent.slice(0, SENT_MAX).map(({ unit, uncovers }) => <li key={unit}>{say('cover.sent', { unit, share: percent(uncovers.share_of_area) })}</li>)}
        </ul>
      )}
      {has_bands && <p class="small dim">{say('legend.bands')}</p>}
    </div>
  );
}

/** Cells in the table. */
const ROWS = 10;

function HeatText({ past, marks }: { past: Past; marks: Mark[] }) {
  const report = past.cells.value.value;
  if (!report) return null;
  const most = new Map(report.groups.map((group) => [group.key, group]));
  const rows = marks.slice(-ROWS).reverse().map(({ cell }) => most.get(cell)!);
  return (
    <>
      {report.others && <p class="small">{say('map.more', { count: report.others.counted })}</p>}
      {rows.length > 0 && (
        <details>
          <summary>{say('map.table')}</summary>
          <table class="small">
            <thead><tr><th scope="col">{say('map.cell')}</th><th scope="col">{say('map.incidents')}</th><th scope="col">{say('map.late')}</th><th scope="col">P90</th></tr></thead>
            <tbody>
              {rows.map(({ key, counted, kept, response }) => (
                <tr key={key}>
                  <th scope="row">{key}</th><td>{counted}</td>
                  <td class={counted > kept ? 'late' : ''}>{counted > kept && <SlaShape is="late" />} {counted - kept}</td>
                  <td>{response.p90_s == null ? '–' : minutes(response.p90_s)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}
