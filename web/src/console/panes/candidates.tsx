// Who could be sent, the nearest first, with how far, how long and how fresh; and who is near and was passed over, and why.
import { duration } from '../../shared/format.ts';
import type { components } from '../../gen/api.ts';
import { isOpen } from '../logic/queue.ts';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import type { Incident } from '../state/picture.ts';
import { useRead } from '../state/reads.ts';
import { candidates, pointed } from '../state/ui.ts';
import { metres } from '../text.ts';
import { say } from '../words.ts';
import { givesUnit } from './drag.ts';
import { Rows } from './rows.tsx';
import { useEffect } from 'preact/hooks';

type Ranking = components['schemas']['Ranking'];
type Skip = components['schemas']['Skip'];

/** How often the ranking is asked for anew while it is looked at, milliseconds. */
const ANEW_MS = 10_000;
const SHOWN_MAX = 6;

export function Candidates({ incident, desk, orders }: { incident: Incident; desk: Desk; orders: Orders }) {
  const { id, place_version } = incident;
  // Asked for anew as well when somebody was sent, came free or signed on.
  const busy = [...desk.picture.units.values()].filter((unit) => unit.dispatch || unit.duty !== 'on_duty').length;
  const read = useRead([id], () => desk.work.api.get('/incidents/{id}/candidates', { path: { id } }), ANEW_MS, `${place_version} ${busy}`);
  const pick: Ranking | null = read.value.value;
  useEffect(() => {
    candidates.value = pick ? pick.survey.candidates.slice(0, SHOWN_MAX).map(({ unit }) => unit) : [];
    return () => (candidates.value = []);
  }, [pick]);
  const here = new Set([...desk.picture.dispatches.values()].filter((one) => one.incident === id && isOpen(one)).map(({ unit }) => unit));
  if (!pick) return <p class="dim">{read.value.failed ? say('detail.error') : say('loading')}</p>;
  const shown = pick.survey.candidates.filter(({ unit }) => !here.has(unit)).slice(0, SHOWN_MAX);
  const skipped = pick.survey.skipped.filter(({ unit }) => !here.has(unit)).slice(0, SHOWN_MAX);
  return (
    <section class="candidates" aria-labelledby="cand-head" data-test="candidates">
      <h3 id="cand-head">{say(here.size > 0 ? 'cand.backup' : 'cand.title')}</h3>
      {shown.length === 0 && <p class="dim">{say('cand.none')}</p>}
      <Rows label={say('cand.title')}>
        {shown.map(({ unit, distance_m, fix_age_ms, neighbour }, i) => (
          <li key={unit} data-id={unit} {...givesUnit(unit)} onMouseEnter={() => (pointed.value = unit)}>
            <button type="button" class="send" data-row data-test="send"
              onFocus={() => (pointed.value = unit)} onClick={() => orders.send(id, unit, 'offer')}>
              <b>{i + 1}. {unit}</b>
              <span class="figures">{etaText(pick.travel_ms[unit])} · {metres(distance_m)} · {say('cand.fix', { age: duration(fix_age_ms) })}</span>
              <span class="dim">{kindOf(desk, unit)} {i === 0 ? say('cand.fastest') : ''} {neighbour ? say('cand.neighbour') : ''}</span>
              <span class="go">{say(here.size > 0 ? 'cand.send_backup' : 'cand.send')}</span>
            </button>
            <button type="button" class="radio" aria-label={say('cand.radio_of', { unit })} onClick={() => orders.send(id, unit, 'assign')}>
              {say('cand.radio')}
            </button>
          </li>
        ))}
      </Rows>
      {skipped.length > 0 && <Skipped all={skipped} onQueue={(unit) => orders.send(id, unit, 'queue')} onRadio={(unit) => orders.send(id, unit, 'assign')} />}
    </section>
  );
}

interface SkippedProps {
  all: Skip[];
  onQueue: (unit: string) => unknown;
  onRadio: (unit: string) => unknown;
}

function Skipped({ all, onQueue, onRadio }: SkippedProps) {
  return (
    <details>
      <summary>{say('cand.skipped')} ({all.length})</summary>
      <ul class="skipped">
        {all.map(({ unit, why, distance_m, fix_age_ms }) => (
          <li key={unit}>
            <b>{unit}</b> <span>{say(`why.${why}`)}</span> <span class="dim figures">{metres(distance_m)} · {say('cand.fix', { age: duration(fix_age_ms) })}</span>
            {why === 'busy' && <button type="button" aria-label={say('cand.queue_of', { unit })} onClick={() => onQueue(unit)}>{say('cand.queue')}</button>}
            {(why === 'stale' || why === 'tried') && (
              <button type="button" aria-label={say('cand.radio_of', { unit })} onClick={() => onRadio(unit)}>{say('cand.radio')}</button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

function kindOf(desk: Desk, unit: string): string {
  const kind = desk.picture.units.get(unit)?.kind;
  return kind ? say(`ukind.${kind}`) : '';
}

/** The expected ride in whole minutes, at least one. */
function etaText(travel_ms: number | undefined): string {
  return travel_ms === undefined ? '' : say('cand.eta', { minutes: Math.max(1, Math.ceil(travel_ms / 60_000)) });
}
