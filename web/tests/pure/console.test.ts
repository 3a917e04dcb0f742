// The console's logic: order of the queue, heat, promise, siren, units, and how events change the picture.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStray, type Hit } from '../../src/console/aim.ts';
import { heat, segments, standing } from '../../src/console/logic/promise.ts';
import { isMine, queue, RANK, ringing, usualDesk } from '../../src/console/logic/queue.ts';
import { MUTE_MS, mute, ring, SILENT, sounding, soundsAgain, unmute } from '../../src/console/logic/siren.ts';
import { orderer, unitRow, unitRows } from '../../src/console/logic/units.ts';
import { apply, areaOf, empty, prune, reset, shortOf, STALE_MS } from '../../src/console/state/picture.ts';
import type { Dispatch, Event, Incident, Picture, Report, Unit } from '../../src/console/state/picture.ts';

const T0 = 1_793_000_000_000;
const MIN = 60_000;
const me = { account: 'me', seat: 'BPN.SPKT' };

const report = (id: string, by: Partial<Report> = {}): Report => ({
  id, channel: 'call', status: 'ringing', rung: T0, kind: 'theft', priority: 'P2', outside_area: false, desk: 'BPN.SPKT', flow: 'BPN',
  attention: 'ringing', stage: 'answering', rung_no: 0, lap: 0, since: T0, callbacks: 0, reopened: 0, ...by,
});
const incident = (id: string, by: Partial<Incident> = {}): Incident => ({
  id, kind: 'theft', priority: 'P2', status: 'waiting', opened: T0, origin: 'citizen', place: { lat: -1.24, lng: 116.86 }, place_version: 1,
  unassigned_since: T0, clock: { start: T0, target_ms: 10 * MIN } as Incident['clock'], ...by,
});
const dispatch = (id: string, by: Partial<Dispatch> = {}): Dispatch => ({
  id, incident: 'BPN-1', unit: 'BPN-M1', status: 'offered', mode: 'offer', created: T0, ...by,
});
const unit = (id: string, by: Partial<Unit> = {}): Unit => ({ id, kind: 'motorcycle', duty: 'on_duty', since: T0, ...by });

function picture(by: { reports?: Report[]; incidents?: Incident[]; dispatches?: Dispatch[]; units?: Unit[] }): Picture {
  const made = empty();
  for (const one of by.reports ?? []) made.reports.set(one.id, one);
  for (const one of by.incidents ?? []) made.incidents.set(one.id, one);
  for (const one of by.dispatches ?? []) made.dispatches.set(one.id, one);
  for (const one of by.units ?? []) made.units.set(one.id, one);
  return made;
}

let seq = 0;
const event = (kind: Event['kind'], body: object, at = T0): Event =>
  ({ area: 'BPN', seq: ++seq, at, actor: 'system', audience: 'desk', source: 'system', kind, body }) as unknown as Event;

test('the promise: in time, at risk from 70 % on, late, kept, missed', () => {
  const one = incident('BPN-1');
  assert.deepEqual(standing(one, T0 + MIN), { is: 'ok', left_ms: 9 * MIN });
  assert.deepEqual(standing(one, T0 + 7 * MIN - 1), { is: 'ok', left_ms: 3 * MIN + 1 });
  assert.deepEqual(standing(one, T0 + 7 * MIN), { is: 'risk', left_ms: 3 * MIN });
  assert.equal(standing(one, T0 + 10 * MIN).is, 'risk', 'the last moment still counts as kept');
  assert.deepEqual(standing(one, T0 + 10 * MIN + 1), { is: 'late', over_ms: 1 });
  assert.equal(standing({ clock: { ...one.clock, at_risk: T0 + 1 } }, T0 + MIN).is, 'risk', 'the server warns earlier where the way is long');
  assert.deepEqual(standing({ clock: { ...one.clock, on_scene: T0 + 10 * MIN } }, T0 + 99 * MIN), { is: 'kept', took_ms: 10 * MIN });
  assert.equal(standing({ clock: { ...one.clock, on_scene: T0 + 10 * MIN + 1 } }, T0 + 99 * MIN).is, 'missed');
});

test('a click is stray where it comes quickly after another, at its place, and meets something else', () => {
  const first: Hit = { on: 'crew', text: 'Tugaskan', x: 100, y: 100, at_ms: 0 };
  const second: Hit = { ...first, at_ms: 300 };
  assert.equal(isStray(null, first), false);
  assert.equal(isStray(first, second), false, 'the same twice, as on a key that zooms');
  assert.equal(isStray(first, { ...second, on: 'step' }), true);
  assert.equal(isStray(first, { ...second, text: 'Diterima' }), true, 'the same key, and another order on it');
  assert.equal(isStray(first, { ...second, on: 'step', x: 103, y: 96 }), true, 'a hand shakes');
  assert.equal(isStray(first, { ...second, on: 'step', x: 140 }), false, 'a hand moves');
  assert.equal(isStray(first, { ...second, on: 'step', at_ms: 700 }), false, 'later it is meant');
});

test('heat grows while nobody drives there, faster for what is more urgent, and ends with a yes', () => {
  const at = (priority: Incident['priority'], after_ms: number) => heat(incident('BPN-1', { priority }), T0 + after_ms);
  assert.deepEqual([0, 15_000, 30_000, 300_000].map((ms) => at('P1', ms)), [1, 2, 3, 3]);
  assert.deepEqual([0, 15_000, 30_000, 60_000].map((ms) => at('P2', ms)), [1, 1, 2, 3]);
  assert.ok(at('P4', 60_000) < at('P2', 60_000));
  assert.equal(heat(incident('BPN-1', { status: 'assigned' }), T0 + MIN), 0);
});

test('segments: each ends where the next begins, a skipped tap takes no time, the last one runs', () => {
  const clock = { start: T0, target_ms: 10 * MIN, answered: T0 + 5_000, validated: T0 + 20_000 } as Incident['clock'];
  assert.deepEqual(segments({ clock }, T0 + 50_000), [
    { name: 'answer', took_ms: 5_000, runs: false }, { name: 'processing', took_ms: 15_000, runs: false }, { name: 'queue', took_ms: 30_000, runs: true },
  ]);
  const skipped = segments({ clock: { ...clock, accepted: T0 + 30_000, on_scene: T0 + 90_000 } }, T0 + 99 * MIN);
  assert.deepEqual(skipped.map(({ name, took_ms }) => [name, took_ms]), [
    ['answer', 5_000], ['processing', 15_000], ['queue', 10_000], ['turnout', 0], ['travel', 60_000],
  ]);
  assert.ok(skipped.every(({ runs }) => !runs));
  const closed = segments({ clock, closed: T0 + 30_000 }, T0 + 99 * MIN);
  assert.deepEqual(closed.at(-1), { name: 'queue', took_ms: 10_000, runs: false }, 'what was closed before anybody came waits no more');
});

test('the queue: what rings here, what nobody drives to, what is held, what is late, then the rest', () => {
  const all = picture({
    reports: [
      report('BPN-R9', { rung: T0 + 5 }), report('BPN-R10', { rung: T0 }), report('BPN-R2', { attention: 'held', holder: 'me' }),
      report('BPN-R3', { attention: 'held', holder: 'other' }), report('KALTIM-R1', { desk: 'KALTIM.SPKT' }),
      report('BPN-R4', { attention: 'followed', incident: 'BPN-1' }), report('BPN-R5', { attention: 'done', status: 'closed' }),
    ],
    incidents: [
      incident('BPN-1', { priority: 'P2' }), incident('BPN-2', { priority: 'P1', opened: T0 + MIN, clock: { start: T0 + MIN, target_ms: 10 * MIN } as Incident['clock'] }),
      incident('BPN-3', { status: 'en_route', clock: { start: T0 - 20 * MIN, target_ms: 10 * MIN } as Incident['clock'] }),
      incident('BPN-4', { status: 'en_route' }), incident('BPN-5', { status: 'on_scene' }), incident('BPN-6', { status: 'closed' }),
    ],
    dispatches: [dispatch('BPN-D1', { incident: 'BPN-4', status: 'en_route' }), dispatch('BPN-D2', { incident: 'BPN-4', status: 'declined' })],
  });
  const rows = queue(all, me, T0 + 2 * MIN);
  assert.deepEqual(rows.map(({ id }) => id), [
    'BPN-R10', 'BPN-R9', 'BPN-2', 'BPN-1', 'BPN-R2', 'BPN-3', 'BPN-4', 'BPN-R3', 'KALTIM-R1', 'BPN-5',
  ]);
  const moving = rows.find(({ id }) => id === 'BPN-4');
  assert.deepEqual(moving?.is === 'incident' && moving.units.map(({ id }) => id), ['BPN-D1'], 'those who said no are not at work');
  assert.equal(rows[0]!.rank, RANK.rings);
  assert.deepEqual(ringing(all, me).map(({ id }) => id), ['BPN-R10', 'BPN-R9']);
  assert.deepEqual(ringing(all, { ...me, seat: null }), [], 'nobody sits here: nothing rings here');
  assert.equal(isMine(report('BPN-R1', { attention: 'held', holder: 'other' }), me), false);
});

test('the desk to sit down at is that of the narrowest area', () => {
  const areas = [{ code: 'ID', level: 'nation' }, { code: 'KALTIM', level: 'region' }, { code: 'BPN', level: 'city' }];
  assert.equal(usualDesk([{ id: 'ID.SPKT' }, { id: 'KALTIM.SPKT' }, { id: 'BPN.SPKT' }, { id: 'BPN.UTARA' }], areas), 'BPN.SPKT');
  assert.equal(usualDesk([{ id: 'KALTIM.SPKT' }], areas), 'KALTIM.SPKT');
  assert.equal(usualDesk([{ id: 'BPN.SPKT' }, { id: 'KALTIM.SPKT' }], areas, ['KALTIM']), 'KALTIM.SPKT', 'who works for the region sits there');
  assert.equal(usualDesk([], areas), null);
});

test('the siren: until claimed; a mute holds for what rang then, and for its time', () => {
  const rings = ring(SILENT, ['BPN-R1']);
  assert.equal(sounding(rings, T0), 'sounds');
  const muted = mute(rings, T0);
  assert.equal(sounding(muted, T0 + MUTE_MS - 1), 'muted');
  assert.equal(sounding(muted, T0 + MUTE_MS), 'sounds', 'it is not forgotten');
  assert.equal(sounding(ring(muted, ['BPN-R1', 'BPN-R2']), T0 + 1), 'sounds', 'a new one is heard');
  assert.equal(sounding(ring(ring(muted, []), ['BPN-R1']), T0 + 1), 'sounds', 'one that came back is new');
  assert.equal(sounding(ring(muted, []), T0 + 1), 'silent');
  assert.equal(sounding(unmute(muted), T0 + 1), 'sounds');
});

test('units: status by duty and work, stale by the age of the fix, who can be sent on top', () => {
  const all = picture({
    units: [
      unit('BPN-M10'), unit('BPN-M2'), unit('BPN-C1', { dispatch: 'BPN-D1' }), unit('BPN-C2', { duty: 'off_duty' }),
      unit('BPN-C3', { duty: 'out_of_service' }), unit('BPN-C4', { dispatch: 'SMD-D9' }),
    ],
    dispatches: [dispatch('BPN-D1', { status: 'on_scene' })],
  });
  const positions = new Map([['BPN-M2', { unit: 'BPN-M2', availability: 'free', place: { lat: -1, lng: 116 }, at: T0, heading_deg: 90 }]]);
  const rows = unitRows(all, positions, T0 + STALE_MS);
  assert.deepEqual(rows.map((row) => [row.unit.id, row.status]), [
    ['BPN-M2', 'free'], ['BPN-M10', 'free'], ['BPN-C4', 'dispatched'], ['BPN-C1', 'onscene'], ['BPN-C3', 'oos'], ['BPN-C2', 'off'],
  ]);
  assert.deepEqual([rows[0]!.stale, rows[0]!.age_ms, rows[1]!.stale, rows[1]!.age_ms], [false, STALE_MS, true, null]);
  assert.ok(unitRow(all, unit('BPN-M2'), positions.get('BPN-M2'), T0 + STALE_MS + 1).stale);
  const last = unit('BPN-M10', { last: { at: T0, place: { lat: 1, lng: 2 } } });
  assert.equal(unitRow(all, last, undefined, T0 + 5_000).age_ms, 5_000, 'the last place that the database knows');
  assert.ok(!unitRow({ ...all, stale_ms: STALE_MS + 1 }, unit('BPN-M2'), positions.get('BPN-M2'), T0 + STALE_MS + 1).stale, 'the server says from when on');
});

test('units keep their order while they work, and names that come or go are put into it', () => {
  const all = picture({ units: [unit('BPN-M10'), unit('BPN-M2'), unit('BPN-M3')] });
  const order = orderer();
  const names = () => [...order(all).entries()].flatMap(([status, units]) => units.map(({ id }) => `${id} ${status}`));
  assert.deepEqual(names(), ['BPN-M2 free', 'BPN-M3 free', 'BPN-M10 free']);
  all.units.set('BPN-M2', unit('BPN-M2', { duty: 'off_duty' }));
  assert.deepEqual(names(), ['BPN-M3 free', 'BPN-M10 free', 'BPN-M2 off']);
  all.units.delete('BPN-M3');
  all.units.set('BPN-M1', unit('BPN-M1'));
  assert.deepEqual(names(), ['BPN-M1 free', 'BPN-M10 free', 'BPN-M2 off'], 'as many as before, and another one');
});

test('events: a ring, a claim, a dispatch and its end show at once, and what they touch is read again', () => {
  const all = picture({ reports: [report('BPN-R1', { attention: 'held', holder: 'other' })], incidents: [incident('BPN-1')], units: [unit('BPN-M1')] });
  const body = { report: 'BPN-R1', desk: 'BPN.SPKT', lap: 1, staffed: true, stage: 'answering', until: T0 + 10_000, why: 'holder_gone' };
  assert.deepEqual(apply(all, event('report.ringing', body)), ['report BPN-R1']);
  assert.deepEqual([all.reports.get('BPN-R1')?.attention, all.reports.get('BPN-R1')?.holder, all.rings.get('BPN-R1')?.until], ['ringing', null, T0 + 10_000]);
  apply(all, event('report.claimed', { report: 'BPN-R1', desk: 'BPN.SPKT', holder: 'me' }));
  assert.deepEqual([all.reports.get('BPN-R1')?.holder, all.rings.size], ['me', 0]);
  const work = { dispatch: 'BPN-D1', incident: 'BPN-1', unit: 'BPN-M1' };
  assert.deepEqual(apply(all, event('dispatch.queued', work)), ['incident BPN-1']);
  assert.equal(all.units.get('BPN-M1')?.dispatch, undefined, 'what waits behind holds no unit');
  apply(all, event('dispatch.offered', { ...work, answer_by: T0, mode: 'auto' }));
  assert.equal(all.units.get('BPN-M1')?.dispatch, 'BPN-D1');
  apply(all, event('dispatch.expired', { ...work, dispatch: 'BPN-D7', why: 'no_answer' }));
  assert.equal(all.units.get('BPN-M1')?.dispatch, 'BPN-D1', 'the end of other work frees nobody');
  apply(all, event('dispatch.recalled', { ...work, reason: '' }));
  assert.equal(all.units.get('BPN-M1')?.dispatch, null);
  assert.deepEqual(apply(all, event('incident.merged', { incident: 'BPN-1', into: 'BPN-2' })), ['incident BPN-1', 'incident BPN-2']);
  assert.deepEqual(apply(all, event('incident.opened', { incident: 'BPN-9', report: 'KALTIM-R4', origin: 'citizen', priority: 'P1', target_ms: 1 })), ['incident BPN-9', 'report KALTIM-R4']);
  assert.deepEqual(apply(all, event('crew.signed_on', { unit: 'BPN-M1', device: 'd', position_source: true })), ['unit BPN-M1']);
  apply(all, event('unit.duty', { unit: 'BPN-M1', duty: 'off_duty' }));
  assert.equal(all.units.get('BPN-M1')?.duty, 'off_duty');
  apply(all, event('incident.breached', { incident: 'BPN-1' }, T0 + 9));
  assert.equal(all.incidents.get('BPN-1')?.clock.breached, T0 + 9);
});

test('a snapshot replaces its area and no other; what has ended does not pile up', () => {
  const all = picture({ reports: [report('BPN-R1'), report('KALTIM-R1')], incidents: [incident('BPN-1')] });
  all.rings.set('BPN-R1', { desk: 'BPN.SPKT', until: T0, staffed: true, why: 'new' });
  reset(all, 'BPN', { reports: [report('BPN-R2')], incidents: [], dispatches: [], units: [unit('BPN-M1')] });
  assert.deepEqual([[...all.reports.keys()], all.incidents.size, [...all.units.keys()], all.rings.size], [['KALTIM-R1', 'BPN-R2'], 0, ['BPN-M1'], 0]);
  for (let i = 0; i < 200; i++) all.reports.set(`BPN-R${i + 10}`, report(`BPN-R${i + 10}`, { status: 'closed', attention: 'done', closed: T0 + i }));
  prune(all);
  const ended = [...all.reports.values()].filter(({ status }) => status === 'closed');
  assert.deepEqual([ended.length, Math.min(...ended.map(({ closed }) => closed ?? 0))], [60, T0 + 140], 'the newest are kept');
  assert.ok(all.reports.has('BPN-R2'), 'what is open stays');
  assert.deepEqual([areaOf('KALTIM-R7'), areaOf('BPN.SPKT'), shortOf('BPN-M12')], ['KALTIM', 'BPN', 'M12']);
});

test('a console that is cut off is heard after a while, and not for ever as often', () => {
  assert.deepEqual([[9_000, Infinity], [10_000, Infinity], [12_000, 2_000], [13_000, 3_000], [70_000, 10_000], [90_000, 30_000]]
    .map(([lost_ms, quiet_ms]) => soundsAgain(lost_ms!, quiet_ms!)), [false, true, false, true, false, true]);
});
