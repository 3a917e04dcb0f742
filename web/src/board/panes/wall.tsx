// The board on a wall: read from five metres, nothing to press. `F` and Esc lead back, and a double click where there is no
// keyboard.
import type { CityBoard, Pressing, ToldBoard } from '../../gen/frames.ts';
import { wake } from '../../shared/awake.ts';
import { tick } from '../../shared/clock.ts';
import { clock } from '../../shared/format.ts';
import type { Area } from '../../shared/screen.tsx';
import { SlaShape, UnitShape } from '../../shared/shapes.tsx';
import { verdict } from '../logic/live.ts';
import { kindText } from '../state/kinds.ts';
import type { Live } from '../state/live.ts';
import { leave } from '../state/wall.ts';
import { shareText } from '../text.ts';
import { say } from '../words.ts';
import { Count, ShareTile, UNITS, VerdictShape } from './now.tsx';
import { Standing } from './pressing.tsx';

/** Rows that have room. */
const ROWS = 4;

export function WallScreen({ live, area, areas }: { live: Live; area: Area; areas: Area[] }) {
  const told = live.told.value;
  if (!told) return null;
  const { standing, units } = told;
  return (
    <main class="wall" onDblClick={leave} data-test="wall-screen">
      <header>
        <h1>{area.name}</h1>
        <span class="live"><i aria-hidden="true" /> {say('wall.on')}</span>
        <time class="figures">{clock(tick.value, area.zone)} {area.zone}</time>
      </header>
      <section class="big" aria-label={say('now.title')}>
        <ShareTile standing={standing} />
        <Count name="open" count={standing.open} />
        <Count name="waiting" count={standing.waiting} />
        <Count name="risk" count={standing.at_risk} />
        <Count name="late" count={standing.breached} />
      </section>
      <ul class="fleet" aria-label={say('units.title')}>
        {UNITS.slice(0, 4).map(([status, shape]) => (
          <li key={status} data-unit={shape}><UnitShape status={shape} /> <b class="figures">{units[status]}</b> {say(`units.${status}`)}</li>
        ))}
      </ul>
      <div class="below">
        <WallList told={told} city={area.level === 'city'} />
        {area.level !== 'city' && <WallCities cities={live.cities.value} areas={areas} />}
      </div>
      {wake.value === 'off' && <p class="note" data-test="dark">{say('wall.dark')}</p>}
    </main>
  );
}

/** In a city it matters who is on the way, above it in which city that is. */
function WallList({ told: { breached, at_risk }, city }: { told: ToldBoard; city: boolean }) {
  const all: Pressing[] = [...breached.incidents, ...at_risk.incidents];
  const hidden = all.length + breached.more + at_risk.more - Math.min(all.length, ROWS);
  return (
    <section class="pressing" aria-label={`${say('now.late')}, ${say('now.risk')}`}>
      {all.length === 0 && <p class="calm"><SlaShape is="kept" /> {say('wall.calm')}</p>}
      <ul>
        {all.slice(0, ROWS).map((pressing) => (
          <li key={pressing.incident} data-row={pressing.incident}>
            <b class="prio" data-p={pressing.priority}>{pressing.priority}</b>
            <span class="kind">{city ? kindText(pressing.kind) : <b>{pressing.incident}</b>}</span>
            {city && <span class="name">{pressing.unit ?? say('list.nobody')}</span>}
            <Standing pressing={pressing} />
          </li>
        ))}
      </ul>
      {hidden > 0 && <p>{say('wall.more', { count: hidden })}</p>}
    </section>
  );
}

/** The cities with the most that is late or at risk first. */
function WallCities({ cities, areas }: { cities: readonly CityBoard[]; areas: Area[] }) {
  const weight = ({ standing }: CityBoard) => (standing.breached ?? 0) * 1_000 + (standing.at_risk ?? 0) * 10 + (standing.open ?? 0) / 100;
  const sorted = [...cities].sort((a, b) => weight(b) - weight(a));
  const hidden = cities.length - Math.min(cities.length, ROWS);
  return (
    <section class="wall-cities" aria-label={say('cities.title')}>
      <ul>
        {sorted.slice(0, ROWS).map(({ area, standing }) => {
          const is = verdict(standing.share_today, standing.promised_today);
          return (
            <li key={area}>
              <span class="kind">{areas.find(({ code }) => code === area)?.name ?? area}</span>
              {(standing.at_risk ?? 0) > 0 && <span class="sla" data-sla="risk"><SlaShape is="risk" /> {standing.at_risk}</span>}
              {(standing.breached ?? 0) > 0 && <span class="sla" data-sla="late"><SlaShape is="late" /> {standing.breached}</span>}
              <b class="figures" data-verdict={is}><VerdictShape is={is} /> {shareText(standing.share_today, standing.promised_today)}</b>
            </li>
          );
        })}
      </ul>
      {hidden > 0 && <p>{say('wall.more', { count: hidden })}</p>}
    </section>
  );
}
