// The commander's board without a screen: what stands still, cities after a frame, days, cells, areas to choose from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countGrade, covered, heat } from '../../src/board/logic/cells.ts';
import { choices, cities, row, SILENT_MS, still, verdict } from '../../src/board/logic/live.ts';
import { causes, daysTo, monthsTo, trend, type Group } from '../../src/board/logic/past.ts';
import type { CityBoard, Pressing } from '../../src/gen/frames.ts';
import type { Area } from '../../src/shared/screen.tsx';

const T0 = 1_793_000_000_000;

test('a board stands still when nothing comes, and when the server says that its figures are old', () => {
  const told = { at: T0, stale: false, since: null };
  assert.equal(still(told, 5_000, 5_000 + SILENT_MS), null);
  assert.deepEqual(still(told, 5_000, 5_001 + SILENT_MS), { is: 'silent', since_ms: 5_000 });
  assert.ok(SILENT_MS < 5_000 - 500, 'with a look each quarter of a second it is seen within five');
  // The server's clock is another one: what is 4 s old there is 4 s old here.
  assert.deepEqual(still({ at: T0, stale: true, since: T0 - 4_000 }, 9_000, 9_100), { is: 'server', since_ms: 5_000 });
  assert.deepEqual(still({ at: T0, stale: true, since: T0 - 4_000 }, 9_000, 20_000), { is: 'silent', since_ms: 9_000 }, 'not even that comes');
});

test('the first board of a socket has all cities, a later one those that changed', () => {
  const city = (area: string, open: number) => ({ area, standing: { open }, units: {} }) as unknown as CityBoard;
  const all = cities([], [city('SMD', 1), city('BPN', 2)], true);
  assert.deepEqual(all.map(({ area }) => area), ['BPN', 'SMD']);
  const later = cities(all, [city('SMD', 9)], false);
  assert.deepEqual(later.map(({ area, standing }) => [area, standing.open]), [['BPN', 2], ['SMD', 9]]);
  assert.deepEqual(cities(later, [city('BPN', 3)], true).map(({ area }) => area), ['BPN'], 'a city that is no longer there is gone');
});

test('an incident at risk is late from the moment that its target passes, whatever the last frame said', () => {
  const one = { due: T0, left_ms: 3_000 } as Pressing;
  assert.deepEqual([row(one, T0 - 1_500).is, row(one, T0 - 1_500).ms], ['risk', 1_500]);
  assert.equal(row(one, T0).is, 'risk', 'the last moment still counts as kept');
  assert.deepEqual([row(one, T0 + 90_000).is, row(one, T0 + 90_000).ms], ['late', 90_000]);
});

test('a promise is kept at exactly the share that was promised', () => {
  assert.equal(verdict(0.9, 0.9), 'met');
  assert.equal(verdict(0.1 + 0.2, 0.3), 'met', 'and not missed by how computers count');
  assert.equal(verdict(0.899, 0.9), 'below');
  assert.equal(verdict(null, 0.9), 'none');
  assert.equal(verdict(0, null), 'unknown', 'and is not kept where nobody knows it yet');
});

test('areas to choose from: those of the desk roles, the widest first', () => {
  const area = (code: string, level: Area['level'], parent?: string) => ({ code, level, name: code, parent }) as unknown as Area;
  const all = [area('BPN', 'city', 'KALTIM'), area('ID', 'nation'), area('KALTIM', 'region', 'ID'), area('SMD', 'city', 'KALTIM')];
  const codes = (role: 'commander' | 'officer', top: string) => choices(all, [{ role, area: top }], ['commander']).map(({ code }) => code);
  assert.deepEqual(codes('commander', 'ID'), ['ID', 'KALTIM', 'BPN', 'SMD']);
  assert.deepEqual(codes('commander', 'KALTIM'), ['KALTIM', 'BPN', 'SMD']);
  assert.deepEqual(codes('commander', 'BPN'), ['BPN']);
  assert.deepEqual(codes('officer', 'BPN'), []);
});

const group = (key: string, by: Partial<Group> = {}): Group =>
  ({ key, counted: 4, kept: 3, share: 0.75, promised: 0.9, response: { count: 4, p50_s: 300, p90_s: 500, p95_s: 600 }, ...by }) as Group;

test('days and months run over the ends of years and leap days; a day without incidents is a gap', () => {
  assert.deepEqual(daysTo('2028-03-01', 3), ['2028-02-28', '2028-02-29', '2028-03-01']);
  assert.deepEqual(monthsTo('2026-02-28', 4), ['2026-02', '2026-01', '2025-12', '2025-11']);
  const days = trend(daysTo('2026-11-03', 3), [group('2026-11-01'), group('2026-11-03', { share: 1 })]);
  assert.deepEqual(days.map(({ share, p90_s, counted }) => [share, p90_s, counted]), [[0.75, 500, 4], [null, null, 0], [1, 500, 4]]);
});

test('causes: the most frequent first, each with its share', () => {
  assert.deepEqual(causes({ answer: 1, queue: 3, travel: 0 }), [
    { segment: 'queue', count: 3, share: 0.75 }, { segment: 'answer', count: 1, share: 0.25 },
  ]);
});

test('cells by incidents and by late ones: grades that double, the busiest on top', () => {
  assert.deepEqual([1, 2, 3, 4, 7, 8, 16, 500].map(countGrade), [0, 1, 1, 2, 2, 3, 4, 4]);
  const groups = [group('a', { counted: 9, kept: 9 }), group('b', { counted: 2, kept: 0 }), group('-', { counted: 7, kept: 0 }), group('c', { counted: 0, kept: 0 })];
  assert.deepEqual(heat(groups, 'incidents').map(({ cell, grade, text }) => [cell, grade, text]), [['b', 1, '2'], ['a', 3, '9']]);
  assert.deepEqual(heat(groups, 'late').map(({ cell, grade, text }) => [cell, grade, text]), [['b', 1, '2/2']]);
});

test('coverage: each cell by its own target; too late and nobody are told apart', () => {
  const cell = (name: string, seconds: number | null, target_s: number) => ({
    type: 'Feature', geometry: { type: 'Polygon', coordinates: [[[116, -1], [117, -1], [116, -2]]] },
    properties: { cell: name, seconds, target_s, within: seconds !== null && seconds <= target_s, area_m2: 1, only: false },
  });
  const features = [cell('a', 300, 600), cell('b', 301, 600), cell('c', 600, 600), cell('d', 601, 600), cell('e', 601, 1_200), cell('f', null, 600)];
  const marks = covered({ features } as unknown as Parameters<typeof covered>[0]);
  assert.deepEqual(marks.map(({ cell: name, grade, text }) => [name, grade, text]), [
    ['a', 0, '5'], ['b', 1, '6'], ['c', 2, '10'], ['d', 'beyond', '11'], ['e', 1, '11'], ['f', 'nobody', '–'],
  ]);
  assert.deepEqual(marks[0]!.ring![0], [-1, 116], 'latitude first');
});
