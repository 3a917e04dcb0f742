// The board below its bar: how the chosen area stands now, what is pressing, where, and how it was.
import { useEffect, useMemo } from 'preact/hooks';
import { expose } from '../shared/hook.ts';
import { SCREENS, type Area, type Work } from '../shared/screen.tsx';
import { wake } from '../shared/awake.ts';
import './board.css';
import { choices } from './logic/live.ts';
import { MapPane } from './map/pane.tsx';
import { CausesPane } from './panes/causes.tsx';
import { CitiesPane } from './panes/cities.tsx';
import { NowPane } from './panes/now.tsx';
import { PapersPane } from './panes/papers.tsx';
import { PressingPane } from './panes/pressing.tsx';
import { TrendPane } from './panes/trend.tsx';
import { WallScreen } from './panes/wall.tsx';
import { readKinds } from './state/kinds.ts';
import { Live } from './state/live.ts';
import { Past } from './state/past.ts';
import { enter, remember, wall, watchWall } from './state/wall.ts';
import { say } from './words.ts';

export function Board({ work }: { work: Work }) {
  const live = useMemo(() => new Live(work), []);
  const past = useMemo(() => new Past(work, live), []);
  const areas = choices(work.areas.value, work.session.login.value?.grants ?? [], SCREENS.board);
  useEffect(() => live.begin(), []);
  useEffect(() => past.begin(), []);
  useEffect(() => watchWall(), []);
  useEffect(() => void readKinds(work.api), []);
  useEffect(() => tellHook(live, past), []);
  useEffect(() => {
    const wish = new URLSearchParams(location.search).get('area');
    const first = areas.find(({ code }) => code === wish) ?? areas[0];
    if (live.area.peek() === null && first) live.choose(first.code);
  }, [work.areas.value]);
  const area = past.area;
  const is_read = live.told.value !== null;
  if (wall.value && area && is_read) return <WallScreen live={live} area={area} areas={work.areas.value} />;
  return (
    <>
      <Tools live={live} areas={areas} />
      <main class="board" data-level={area?.level}>
        {live.refused.value && <p class="error" role="alert">{say('area.refused', { area: live.area.value ?? '', detail: live.refused.value.details.detail })}</p>}
        {work.areas.value.length > 0 && areas.length === 0 && <p class="error" role="alert">{say('area.none')}</p>}
        {!is_read && areas.length > 0 && !live.refused.value && <p class="dim" role="status">{say('area.waiting')}</p>}
        {is_read && area && (
          <>
            <NowPane told={live.told.value!} />
            <div class="side">
              <PressingPane api={work.api} told={live.told.value!} />
              <CausesPane past={past} />
            </div>
            <div class="middle">
              {area.level !== 'city' && <CitiesPane live={live} areas={work.areas.value} choices={areas} />}
              <MapPane past={past} />
            </div>
            <div class="side">
              <TrendPane past={past} area={area} />
              <PapersPane api={work.api} area={area} />
            </div>
          </>
        )}
      </main>
    </>
  );
}

function Tools({ live, areas }: { live: Live; areas: Area[] }) {
  const choose = (code: string) => {
    live.choose(code);
    remember('area', code);
  };
  return (
    <div class="tools">
      <label>
        {say('area.label')}
        <select data-test="area" value={live.area.value ?? ''} onChange={(event) => choose(event.currentTarget.value)}>
          {areas.map(({ code, name, level }) => <option key={code} value={code}>{name} · {say(`level.${level}`)}</option>)}
        </select>
      </label>
      <span class="gap" />
      <button type="button" data-test="wall" onClick={enter}>{say('wall.enter')} <kbd>{say('wall.key')}</kbd></button>
    </div>
  );
}

function tellHook(live: Live, past: Past): void {
  expose('board', () => {
    const told = live.told.value;
    return {
      area: live.area.value, frames: live.frames, at: told?.at ?? null, stale: told?.stale ?? null, standing: told?.standing ?? null,
      units: told?.units ?? null, cities: live.cities.value.map(({ area }) => area), late: told?.breached.incidents.map(({ incident }) => incident) ?? [],
      risk: told?.at_risk.incidents.map(({ incident }) => incident) ?? [], wall: wall.value, awake: wake.value,
    };
  });
  expose('past', () => ({
    trend: past.trend.value.value?.groups.map(({ key, counted, kept, response }) => ({ key, counted, kept, p50_s: response.p50_s ?? null })) ?? null,
    causes: past.trend.value.value?.whole.causes ?? null,
    cells: past.cells.value.value?.groups.map(({ key, counted, kept }) => ({ key, counted, kept })) ?? null,
    coverage: past.coverage.value.value && { area: past.coverage.value.value.area, cells: past.coverage.value.value.cells, within: past.coverage.value.value.cells_within },
  }));
}
