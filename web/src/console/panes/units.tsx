// The units: who can be sent, who is where and how old that is.
import { useSignal } from '@preact/signals';
import { tick } from '../../shared/clock.ts';
import { clock, duration } from '../../shared/format.ts';
import { unitRows, type UnitRow, type UnitStatus } from '../logic/units.ts';
import { UnitShape } from '../shapes.tsx';
import { areaOf, shortOf } from '../state/picture.ts';
import type { Desk } from '../state/desk.ts';
import { pointed } from '../state/ui.ts';
import { zoneOf } from '../text.ts';
import { say } from '../words.ts';
import { givesUnit } from './drag.ts';
import { Rows } from './rows.tsx';

/** Units that are drawn in the list; the map shows all. */
const ROWS_MAX = 150;
const STATUSES: UnitStatus[] = ['free', 'dispatched', 'enroute', 'onscene', 'oos', 'off'];

export function UnitsPane({ desk }: { desk: Desk }) {
  void desk.changed.value;
  const find = useSignal('');
  const all = unitRows(desk.picture, desk.positions, tick.value);
  const word = find.value.trim().toUpperCase();
  const rows = all.filter(({ unit }) => unit.id.includes(word));
  return (
    <section class="pane units" aria-labelledby="units-head" data-pane="3">
      <header>
        <h2 id="units-head">{say('pane.units')}</h2>
        <ul class="sums">
          {STATUSES.map((status) => (
            <li key={status} data-unit={status}>
              <UnitShape status={status} /> <b class="figures">{all.filter((row) => row.status === status).length}</b> {say(`ustatus.${status}`)}
            </li>
          ))}
        </ul>
        <input type="search" class="find" aria-label={say('unit.filter')} placeholder={say('unit.filter')} value={find.value}
          onInput={(event) => (find.value = event.currentTarget.value)} />
      </header>
      {all.length === 0 && <p class="dim">{say('unit.none')}</p>}
      <Rows label={say('pane.units')}>
        {rows.slice(0, ROWS_MAX).map((row) => <UnitChip key={row.unit.id} row={row} desk={desk} />)}
      </Rows>
      {rows.length > ROWS_MAX && <p class="dim">{say('unit.more', { count: rows.length - ROWS_MAX })}</p>}
    </section>
  );
}

function UnitChip({ row, desk }: { row: UnitRow; desk: Desk }) {
  const { unit, status, dispatch, stale } = row;
  const several = desk.work.areas.value.filter(({ level }) => level === 'city').length > 1;
  return (
    <li class="unit" data-id={unit.id} data-unit={status} data-stale={stale} {...givesUnit(unit.id)}>
      <button type="button" data-row aria-current={pointed.value === unit.id} onClick={() => (pointed.value = unit.id)}>
        <UnitShape status={status} />
        <b>{several ? unit.id : shortOf(unit.id)}</b>
        <span>{say(`ustatus.${status}`)}</span>
        {dispatch && <span class="name">{dispatch.incident}</span>}
        <span class="age figures">{ageText(row, desk)}</span>
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
