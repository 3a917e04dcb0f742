// The console below its bar: queue, map, units, and what is chosen.
import { useEffect, useMemo } from 'preact/hooks';
import { serverNow } from '../shared/clock.ts';
import { useFollowed } from '../shared/followed.ts';
import { expose } from '../shared/hook.ts';
import type { Work } from '../shared/screen.tsx';
import './console.css';
import { watchHands } from './aim.ts';
import { listen } from './keys.ts';
import { queue } from './logic/queue.ts';
import { unitRows } from './logic/units.ts';
import { MapPane } from './map/pane.tsx';
import { DetailPane } from './panes/detail.tsx';
import { Dialogs } from './panes/dialogs.tsx';
import { CommandLine } from './panes/line.tsx';
import { QueuePane } from './panes/queue.tsx';
import { Tools } from './panes/tools.tsx';
import { UnitsPane } from './panes/units.tsx';
import { Desk } from './state/desk.ts';
import { Orders } from './state/orders.ts';
import { Siren } from './state/siren.ts';
import { chosen, notice } from './state/ui.ts';
import { say } from './words.ts';

export function Console({ work }: { work: Work }) {
  const desk = useMemo(() => new Desk(work), []);
  const orders = useMemo(() => new Orders(desk), []);
  const siren = useMemo(() => new Siren(), []);
  useFollowed(work, (area) => ({ reset: (frame) => desk.reset(area, frame), event: (frame) => desk.event(frame), resumed: () => desk.resumed(area) }));
  useViews(desk);
  useEffect(() => siren.follow(desk), []);
  useEffect(() => listen(orders, siren), []);
  useEffect(() => watchHands(), []);
  useEffect(() => tellHook(desk, siren), []);
  return (
    <>
      <Tools desk={desk} orders={orders} siren={siren} />
      <main class="panes">
        <QueuePane desk={desk} orders={orders} />
        <MapPane desk={desk} orders={orders} />
        <UnitsPane desk={desk} />
        <DetailPane desk={desk} orders={orders} />
      </main>
      <Notice late={work.api.late.value} />
      <CommandLine desk={desk} orders={orders} />
      <Dialogs desk={desk} orders={orders} />
    </>
  );
}

/** Positions of each city that this account sees, from when the areas are known. */
function useViews(desk: Desk): void {
  const { feed, areas } = desk.work;
  useEffect(() => feed.on('positions', (frame) => desk.positionsTold(frame)), []);
  useEffect(() => {
    const cities = areas.value.filter(({ level }) => level === 'city');
    if (areas.value.length > 0) void desk.begin(areas.value);
    for (const { code } of cities) feed.view(code);
    return () => cities.forEach(({ code }) => feed.endView(code));
  }, [areas.value]);
}

function Notice({ late }: { late: number }) {
  const told = notice.value;
  if (late > 0) return <p class="notice" role="status" data-test="late"><span aria-hidden="true">…</span> {say('order.late', { count: late })}</p>;
  if (!told) return <p class="notice" role="status" data-test="notice" hidden />;
  return (
    <p class="notice" role={told.bad ? 'alert' : 'status'} data-bad={told.bad} data-test="notice" key={told.no}>
      <span aria-hidden="true">{told.bad ? '✕' : '✓'}</span> {told.text}
    </p>
  );
}

function tellHook(desk: Desk, siren: Siren): void {
  expose('areas', () => Object.fromEntries(desk.read.value));
  expose('desk', () => ({
    account: desk.account, seat: desk.seat, chosen: chosen.value,
    reports: Object.fromEntries([...desk.picture.reports.values()].map(({ id, incident }) => [id, incident ?? null])),
    queue: queue(desk.picture, { account: desk.account, seat: desk.seat }, serverNow())
      .map((row) => ({ is: row.is, id: row.id, rank: row.rank, ...(row.is === 'incident' ? { heat: row.heat, sla: row.standing.is } : {}) })),
    units: unitRows(desk.picture, desk.positions, serverNow())
      .map(({ unit, status, stale, lat, lng, dispatch }) => ({ id: unit.id, status, stale, lat, lng, incident: dispatch?.incident ?? null })),
  }));
  expose('siren', () => siren.known());
}
