// The units: who can be sent, who is where and how old that is.
import { useSignal } from '@preact/signals';
import { tick } from '../../shared/clock.ts';
import { clock, duration } from '../../shared/format.ts';
import { UnitShape, type UnitStatus } from '../../shared/shapes.tsx';
import { ORDER, unitRow, type UnitRow } from '../logic/units.ts';
import type { Desk } from '../state/desk.ts';
import { areaOf, shortOf } from '../state/picture.ts';
import { pointed } from '../state/ui.ts';
import { zoneOf } from '../text.ts';
import { say } from '../words.ts';
import { givesUnit } from './drag.ts';
import { Rows } from './rows.tsx';

/** Units that are drawn in the list; the map shows all. */
const ROWS_MAX = 150;

export function UnitsPane({ desk }: { desk: Desk }) {
  const find = useSignal('');
  const ordered = desk.ordered.value;
  const all = [...ordered.values()].flat();
  const word = find.value.trim().toUpperCase();
  const found = word === '' ? all : all.filter(({ id }) => id.includes(word));
  const several = desk.work.areas.value.filter(({ level }) => level === 'city').length > 1;
  const now_ms = tick.value;
  return (
    <section class="pane units" aria-labelledby="units-head" data-pane="3">
      <header>
        <h2 id="units-head">{say('pane.units')}</h2>
        <ul class="sums">
          {ORDER.map((status) => (
            <li key={status} data-unit={status}>
              <UnitShape status={status} /> <b class="figures">{ordered.get(status)?.length ?? 0}</b> {say(`ustatus.${status}`)}
            </li>
          ))}
        </ul>
        <input type="search" class="find" aria-label={say('unit.filter')} placeholder={say('unit.filter')} value={find.value}
          onInput={(event) => (find.value = event.currentTarget.value)} />
      </header>
      {all.length === 0 && <p class="dim">{say('unit.none')}</p>}
      <Rows label={say('pane.units')}>
        {found.slice(0, ROWS_MAX).map((unit) => {
          const row = unitRow(desk.picture, unit, desk.positions.get(unit.id), now_ms);
          return (
            <UnitChip key={unit.id} id={unit.id} sign={several ? unit.id : shortOf(unit.id)} status={row.status} stale={row.stale}
              incident={row.dispatch?.incident ?? ''} age={ageText(row, desk)} />
          );
        })}
      </Rows>
      {found.length > ROWS_MAX && <p class="dim">{say('unit.more', { count: found.length - ROWS_MAX })}</p>}
    </section>
  );
}

/** What a unit's row shows, and nothing else: a row whose words stay the same is not made again. */
interface Chip {
  id: string;
  sign: string;
  status: UnitStatus;
  stale: boolean;
  incident: string;
  age: string;
}

function UnitChip({ id, sign, status, stale, incident, age }: Chip) {
  return (
    <li class="unit" data-id={id} data-unit={status} data-stale={stale} {...givesUnit(id)}>
      <button type="button" data-row aria-current={pointed.value === id} onClick={() => (pointed.value = id)}>
        <UnitShape status={status} />
        <b>{sign}</b>
        <span>{say(`ustatus.${status}`)}</span>
        {incident !== '' && <span class="name">{incident}</span>}
        <span class="age figures">{age}</span>
      </button>
    </li>
  );
}

/** How old its place is, in words; a stale one since when. */
export function ageText({ unit, age_ms, stale, status }: UnitRow, desk: Desk): string {
  if (age_ms === null) return status === 'off' ? '' : say('unit.noplace');
  if (!stale) return say('unit.age', { age: duration(age_ms) });
  return say('unit.stale', { clock: clock(tick.value - age_ms, zoneOf(desk, areaOf(unit.id))) });
}
