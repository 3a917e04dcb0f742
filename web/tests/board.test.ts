// The commander's board against the real server: figures that move, what is pressing and why, days, cells, papers, the wall.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { CENTRE, Crew } from './harness/town.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;
let dispatcher: Person;

const MIN = 60_000;
const HOUR = 60 * MIN;
const SIZE = { viewport: { width: 1440, height: 900 } };
/** The time that a board which stands still may look alive, milliseconds. */
const HALT_MS = 5_000;

/** A second city of the region, so that there is something to add up. */
const SAMARINDA = {
  type: 'FeatureCollection',
  features: [{
    type: 'Feature', properties: { short: 'SMD', code: '64.72', name: 'Kota Samarinda', lat: -0.5, lng: 117.15, zone: 'WITA', parent: 'KALTIM' },
    geometry: { type: 'Polygon', coordinates: [[[117.05, -0.6], [117.25, -0.6], [117.25, -0.4], [117.05, -0.4], [117.05, -0.6]]] },
  }],
};

interface Said {
  /** How long ago it rang. */
  ago_ms?: number;
  place?: { lat: number; lng: number };
  kind?: string;
  priority?: string;
  area?: string;
  by?: Person;
}

async function report({ ago_ms = 0, place = CENTRE, kind = 'theft', priority = 'P2', area = 'BPN', by = dispatcher }: Said): Promise<string> {
  const rung_at = Date.now() - ago_ms;
  const said = { area, channel: 'call', kind, priority, valid: true, place, ...(ago_ms > 0 ? { rung_at, answered_at: rung_at + 8_000 } : {}) };
  const { id } = (await by.post('/reports', said)).incident;
  open.set(id, by);
  return id;
}

/** The day in Balikpapan, by number. */
const dayOf = (at_ms: number) => Math.floor((at_ms + 8 * HOUR) / (24 * HOUR));

/** What a test has opened, and by whom. */
const open = new Map<string, Person>();

async function close(id: string): Promise<void> {
  await open.get(id)!.post(`/incidents/${id}/close`, { disposition: 'handled' });
  open.delete(id);
}

/** Somebody is there: sent and driven over the radio. */
async function reach(incident: string, unit = 'BPN-M1'): Promise<() => Promise<void>> {
  await dispatcher.post(`/incidents/${incident}/dispatches`, { unit, mode: 'assign', source: 'radio' });
  const { dispatches } = await dispatcher.get(`/incidents/${incident}`);
  const { id } = dispatches.find((one: any) => one.unit === unit);
  const step = (to: string) => dispatcher.post(`/dispatches/${id}/status`, { to, source: 'radio', ...(to === 'cleared' ? { disposition: 'handled' } : {}) });
  await step('en_route');
  await step('on_scene');
  return async () => {
    await step('cleared');
    open.delete(incident);
  };
}

before(async () => {
  [server, browser] = await Promise.all([
    Server.start({ units: ['M1', 'M2', 'M3', 'C1'], env: { SIGAP_ENGINE__STALE_MS: '600000' } }), openBrowser(),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'sigap-board-'));
  writeFileSync(join(folder, 'smd.geojson'), JSON.stringify(SAMARINDA));
  await server.run('area', 'import', join(folder, 'smd.geojson'));
  rmSync(folder, { recursive: true });
  await server.run('user', 'add', '--login', 'polda', '--grant', 'commander@KALTIM');
  await server.run('user', 'add', '--login', 'dispatch-smd', '--grant', 'dispatcher@SMD');
  for (const city of ['BPN', 'SMD']) await server.run('area', 'set', city, '--offers', 'manual');
  dispatcher = new Person(server, 'dispatch');
  await Promise.all([['M1', 600], ['M2', 5_500], ['C1', 12_000]].map(([sign, north_m]) => Crew.on(server, dispatcher, sign as string, north_m as number)));
  await past();
});

// A test that failed leaves nothing that the next one would see.
afterEach(() => Promise.all([...open.keys()].map((id) => close(id).catch(() => open.delete(id)))));

/** What happened before: most of it in time, some of it closed with nobody there. */
async function past(): Promise<void> {
  for (let i = 0; i < 9; i++) await (await reach(await report({ place: around(i) })))();
  for (let i = 0; i < 14; i++) await close(await report({ place: around(i * i), ago_ms: (2 + i) * HOUR, kind: i % 2 ? 'traffic_accident' : 'theft' }));
}

/** Places about the city, more of them near its centre. */
const around = (i: number) => ({ lat: CENTRE.lat + ((i * 7) % 11) * 0.009, lng: CENTRE.lng - 0.02 + ((i * 5) % 7) * 0.009 });

after(async () => {
  await browser?.close();
  await server?.remove();
});

async function board(path = '/board', login = 'commander', size = SIZE): Promise<Screen> {
  const screen = await Screen.open(browser, server, path, size);
  await screen.logIn(login);
  await screen.live();
  await screen.until('the first figures', ({ board }) => board?.standing);
  return screen;
}

const figure = async (screen: Screen, name: string) => Number(await screen.page.locator(`[data-test=count-${name}] .figure`).innerText());

test('figures move within a second of what happens; what is late or about to be counts each second, with its cause', async () => {
  const screen = await board();
  const before = (await screen.known()).board.standing;
  const late = await report({ ago_ms: 25.5 * MIN, kind: 'theft', priority: 'P1' });
  const risk = await report({ ago_ms: 7.5 * MIN, place: around(3), kind: 'traffic_accident' });
  const fresh = await report({ place: around(5) });
  await screen.until('all three', ({ board }) => board.late.includes(late) && board.risk.includes(risk) && board.standing.open === before.open + 3, 3_000);
  assert.deepEqual(await Promise.all(['open', 'waiting', 'risk', 'late'].map((name) => figure(screen, name))), [before.open + 3, before.waiting + 3, 1, 1]);

  const row = screen.page.locator(`[data-row="${late}"]`);
  assert.match(await row.innerText(), /P1\s+Pencurian\s+BPN-\d+\s+TERLAMBAT 15:\d\d\s+Menunggu unit · belum ada unit\s+Waktu habis untuk menilai laporan/);
  assert.match(await screen.page.locator(`[data-row="${risk}"]`).innerText(), /TERANCAM, sisa 2:\d\d/);
  const first = await row.innerText();
  await until('the second to be counted', async () => (await row.innerText()) !== first, 2_500);

  // What would help, on demand.
  await row.locator('button').press('Enter');
  await screen.page.locator('[data-test=help]').waitFor();
  assert.match(await screen.text('help'), /Belum ada yang menuju ke sana\.\s+(Dalam kasus serupa [^]+)?Yang dapat membantu\s+BPN-M1/);

  const told = await dispatcher.get('/areas/BPN/board');
  const share = told.standing.within_target_today / told.standing.decided_today;
  // How much of what happened before is today's, depends on the hour.
  const verdict = share < told.standing.promised_today ? 'DI BAWAH JANJI' : 'JANJI DITEPATI';
  assert.match(await screen.text('share'), new RegExp(`${Math.round(share * 100)}\\s*%[^]+janji 90\\s*%[^]+${verdict}`));
  assert.match(await screen.text('units'), /3\s+Siap/);
  await screen.page.waitForFunction(() => document.querySelectorAll('[data-test=trend] canvas').length === 2);
  assert.match(await screen.text('open-late'), /1 terlambat masih terbuka/);
  await screen.until('the map', ({ map }) => map?.count > 0);
  await screen.isAccessible();
  await screen.shot('board');

  const done = await reach(late);
  // What began yesterday counts there.
  const decided = before.decided_today + (dayOf(Date.now() - 25.5 * MIN) === dayOf(Date.now()) ? 1 : 0);
  await screen.until('it to be reached', ({ board }) => !board.late.includes(late) && board.standing.decided_today === decided, 3_000);
  assert.equal((await screen.known()).board.units.on_scene, 1);
  await done();
  await close(risk);
  await close(fresh);
  await screen.until('nothing to be open', ({ board }) => board.standing.open === before.open, 3_000);
  assert.equal(await screen.page.locator('[data-test=late]').getByText('Tidak ada yang terlambat.').count(), 1);
  await screen.close();
});

test('days, causes, cells and coverage are those of the server, in both languages and themes', async () => {
  const screen = await board();
  await screen.page.click('[data-test=lang]');
  await screen.page.click('[data-test=theme]');
  const known = await screen.until('all that was read', (all) => (all.past?.trend && all.past.cells && all.map?.count > 0 ? all : null));
  const days = [...known.past.trend].map(({ key }: any) => key).sort();
  const query = `from=${days[0]}&to=${days.at(-1)}`;
  const [by_day, by_cell] = await Promise.all(['day', 'cell'].map((by) => dispatcher.get(`/areas/BPN/sla/report?${query}&by=${by}`)));
  const counts = (groups: any[]) => groups.map(({ key, counted, kept }) => ({ key, counted, kept }));
  assert.deepEqual(counts(known.past.trend), counts(by_day.groups));
  assert.deepEqual(known.past.causes, by_day.whole.causes);
  assert.deepEqual(counts(known.past.cells), counts(by_cell.groups));
  assert.equal(known.map.count, by_cell.groups.filter(({ counted }: any) => counted > 0).length);
  assert.match(await screen.text('causes'), /Why late, 30 days\s+\D+\d+ \(\d+%\)/);
  assert.match(await screen.text('day'), /incidents, P50 [\d:]+, P90 [\d:]+, P95 [\d:]+, in time \d+%/);
  await screen.page.locator('[data-test=trend] summary').click();
  assert.equal(await screen.page.locator('[data-test=trend] tbody tr').count(), by_day.groups.filter(({ counted }: any) => counted > 0).length);
  await screen.page.locator('[data-test=trend] summary').click();

  await screen.page.click('[data-test=mode-late]');
  await screen.until('the late cells', ({ map }) => map.mode === 'late' && map.count === by_cell.groups.filter(({ counted, kept }: any) => counted > kept).length);
  await screen.isAccessible();
  await screen.shot('board-late-light');

  await screen.page.click('[data-test=mode-coverage]');
  const shown = await screen.until('coverage', ({ map, past }) => (map.mode === 'coverage' && map.count > 0 ? { map, past } : null));
  assert.equal(shown.map.outlines.at(-1).name, 'Kota Balikpapan');
  const coverage = await dispatcher.get('/areas/BPN/coverage');
  assert.deepEqual(shown.past.coverage, { area: 'BPN', cells: coverage.cells, within: coverage.cells_within });
  assert.equal(shown.map.count, coverage.features.length);
  assert.match(await screen.text('coverage'), /\d+% of the area is reached in time · 3 free units/);
  assert.match(await screen.text('legend'), /target 10 min\s+≤ 5\s+≤ 7\.5\s+≤ 10\s+> 10: not in time\s+no unit free/);
  const zoom = shown.map.zoom;
  await screen.page.locator('[data-test=map]').press('+');
  await screen.until('the map to be nearer', ({ map }) => map.zoom === zoom + 1);
  await screen.page.locator('[data-test=map]').press('-');
  await screen.isAccessible();
  await screen.shot('board-coverage-light');
  await screen.page.click('[data-test=theme]');
  await screen.page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await screen.shot('board-coverage');
  await screen.close();
});

test('a month of days: each has its marks, a day without incidents is a gap', async () => {
  const screen = await Screen.open(browser, server, '/board', SIZE);
  // The server's own answer, with days before today made from it: nobody waits a month for a test.
  await screen.page.route('**/sla/report?*by=day*', async (route) => {
    const answer = await route.fetch();
    const told = await answer.json();
    const today = told.groups.at(-1);
    const to_ms = Date.parse(`${told.to}T00:00:00Z`);
    const groups = Array.from({ length: 29 }, (_, i) => i).filter((i) => i !== 11 && i !== 12).map((i) => {
      const [counted, p50_s] = [10 + ((i * 7) % 13), 300 + ((i * 37) % 90)];
      const kept = counted - ((i * 5) % 4);
      const response = { count: counted, p50_s, p90_s: p50_s + 150 + ((i * 53) % 120), p95_s: p50_s + 290 + ((i * 71) % 240) };
      return { ...today, key: new Date(to_ms - (29 - i) * 24 * HOUR).toISOString().slice(0, 10), counted, kept, share: kept / counted, promised: 0.9, response };
    });
    await route.fulfill({ response: answer, json: { ...told, groups: [...groups, today] } });
  });
  await screen.logIn('commander');
  await screen.until('the days', ({ past }) => past?.trend?.length === 28);
  await screen.page.waitForFunction(() => document.querySelectorAll('[data-test=trend] canvas').length === 2);
  const plot = (await screen.page.locator('[data-test=trend] .plot .u-over').first().boundingBox())!;
  await screen.page.mouse.move(plot.x + 1, plot.y + plot.height / 2);
  const days = (await screen.known()).past.trend;
  const day = new Intl.DateTimeFormat('id-ID', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }).format(Date.parse(days[0].key));
  await until('the day below the pointer', async () => (await screen.text('day')).startsWith(`${day}: ${days[0].counted} kejadian`));
  await screen.shot('board-month');
  await screen.close();
});

test('the month as a page to print, with its style, and as a table', async () => {
  const screen = await board();
  const [popup] = await Promise.all([screen.page.waitForEvent('popup'), screen.page.click('[data-test=page]')]);
  await popup.locator('h1').waitFor();
  assert.match(await popup.locator('h1').innerText(), /Kota Balikpapan \(BPN\)/);
  assert.equal(await popup.locator('html').getAttribute('lang'), 'id');
  const plain = await popup.evaluate(() => getComputedStyle(document.body).fontFamily);
  assert.notEqual(plain, await screen.page.evaluate(() => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const family = getComputedStyle(frame.contentDocument!.body).fontFamily;
    frame.remove();
    return family;
  }), 'the page has its own style, not the browser\'s');
  assert.ok((await popup.locator('svg').count()) > 0, 'and its charts');
  await screen.shot('board-paper', popup);
  await popup.close();

  await screen.page.selectOption('[data-test=by]', 'priority');
  const [download] = await Promise.all([screen.page.waitForEvent('download'), screen.page.click('[data-test=table]')]);
  assert.match(download.suggestedFilename(), /^sigap-BPN-\d{4}-\d\d-priority\.csv$/);
  const [head, ...rows] = readFileSync(await download.path(), 'utf8').trim().split('\r\n');
  assert.ok(head!.startsWith('area,from,to,by,key,'));
  assert.ok(rows.some((row) => row.startsWith('BPN,') && row.includes(',priority,P2,')));
  await screen.close();
});

test('a region is the sum of its cities, each in a row that leads to its own board', async () => {
  const smd = new Person(server, 'dispatch-smd');
  const other = await report({ area: 'SMD', place: { lat: -0.5, lng: 117.15 }, by: smd, ago_ms: 30 * MIN });
  const screen = await board('/board', 'polda');
  await screen.until('both cities', ({ board }) => board.area === 'KALTIM' && board.cities.join() === 'BPN,SMD' && board.late.includes(other));
  const cells = (city: string) => screen.page.locator(`[data-city=${city}] td`).allInnerTexts();
  assert.deepEqual((await cells('SMD')).slice(0, 4).map((text) => text.trim()), ['1', '1', '0', '1']);
  const sum = await screen.page.locator('[data-test=cities] tfoot td').allInnerTexts();
  const open = [...await cells('BPN').then(([first]) => [first]), ...await cells('SMD').then(([first]) => [first])].map(Number);
  assert.equal(Number(sum[0]), open[0]! + open[1]!);
  const map = await screen.until('the cells of both, and where they lie', (known) => (known.map?.count > 0 && known.map.outlines.length > 0 && known.map.coast > 0 ? known.map : null));
  assert.deepEqual(map.outlines.map(({ kind, name }: any) => `${kind} ${name}`).sort(), ['city Kota Balikpapan', 'city Kota Samarinda']);
  await screen.isAccessible();
  await screen.shot('board-region');

  await screen.page.keyboard.press('f');
  await screen.page.locator('[data-test=wall-screen]').waitFor();
  await screen.page.setViewportSize({ width: 1920, height: 1080 });
  assert.ok(await fits(screen), 'everything is within the screen');
  await screen.shot('board-wall-region');
  await screen.page.keyboard.press('f');
  await screen.page.setViewportSize(SIZE.viewport);
  await screen.page.locator('[data-test=cities]').waitFor();

  // Each city's row moves by itself: the change is heard of within a second.
  await close(other);
  await until('its row to know', async () => (await cells('SMD'))[0]!.trim() === '0', 3_000);
  const options = await screen.page.locator('[data-test=area] option').allInnerTexts();
  assert.equal(options.length, 3);
  assert.match(options[0]!, /Polda$/);
  await screen.page.getByRole('button', { name: 'Kota Samarinda' }).press('Enter');
  await screen.until('the city', ({ board }) => board.area === 'SMD' && board.standing);
  assert.equal(new URL(screen.page.url()).searchParams.get('area'), 'SMD');
  await screen.page.reload();
  await screen.until('the same city after a reload', ({ board }) => board?.area === 'SMD' && board.standing);
  await screen.close();
});

/** Whether nothing on the wall is cut off or lies over something else. */
const fits = (screen: Screen) => screen.page.evaluate(() => {
  const all = [...document.querySelectorAll('.wall .tile, .wall .below li, .wall .fleet li, .wall h1')];
  return document.querySelector('.wall')!.scrollHeight <= innerHeight
    && all.every((one) => one.scrollWidth <= one.clientWidth + 1 && one.getBoundingClientRect().bottom <= innerHeight);
});

test('wall: big figures without controls, the screen stays on; F and Esc', async () => {
  const late = await report({ ago_ms: 14 * MIN, priority: 'P1' });
  const risk = await report({ ago_ms: 9 * MIN, place: around(3), kind: 'traffic_accident' });
  const screen = await board('/board', 'commander', { viewport: { width: 1920, height: 1080 } });
  await screen.until('what is pressing', ({ board }) => board.late.includes(late) && board.risk.includes(risk));
  await screen.page.keyboard.press('f');
  await screen.page.locator('[data-test=wall-screen]').waitFor();
  await screen.until('a screen that stays on', ({ board }) => board.wall && board.awake === 'on');
  assert.equal(await screen.page.locator('button:visible, select:visible, a:visible, input:visible').count(), 0, 'nothing to press');
  // From five metres: letters of at least two hundredths of the width.
  const least = await screen.page.evaluate(() => Math.min(...[...document.querySelectorAll('.wall *')]
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== '') && (one as HTMLElement).offsetParent !== null)
    .map((one) => parseFloat(getComputedStyle(one).fontSize))));
  assert.ok(least >= 0.02 * 1920, `the smallest letters have ${least} px`);
  assert.ok(await fits(screen), 'everything is within the screen');
  await screen.isAccessible();
  await screen.shot('board-wall');
  await screen.page.keyboard.press('Escape');
  await screen.page.locator('[data-test=area]').waitFor();
  await screen.page.click('[data-test=wall]');
  await screen.page.locator('[data-test=wall-screen]').waitFor();
  assert.equal(new URL(screen.page.url()).searchParams.get('wall'), '1');
  await screen.page.reload();
  await screen.page.locator('[data-test=wall-screen]').waitFor();
  await screen.page.locator('[data-test=wall-screen]').dblclick();
  await screen.page.locator('[data-test=area]').waitFor();
  await screen.page.goto('/board?area=BPN&wall=1');
  await screen.page.locator('[data-test=wall-screen]').waitFor();
  await close(late);
  await close(risk);
  await screen.page.getByText('Tidak ada yang terlambat atau terancam.').waitFor();
  await screen.close();
});

test('a board whose figures no longer come, or are old by the server\'s own word, is covered within five seconds', async () => {
  const screen = await Screen.open(browser, server, '/board', SIZE);
  let way: 'through' | 'none' | 'stale' = 'through';
  // On its way each board is let through, lost, or made one that the server calls stale. Heartbeats go through all the time.
  await screen.page.routeWebSocket('**/api/v1/ws', (page) => {
    const real = page.connectToServer();
    real.onMessage((message) => {
      const frame = JSON.parse(String(message));
      if (frame.type !== 'board' || way === 'through') page.send(message);
      else if (way === 'stale') page.send(JSON.stringify({ ...frame, stale: true, since: frame.at - 3_500 }));
    });
  });
  await screen.page.reload();
  await screen.logIn('commander');
  await screen.until('the first figures', ({ board }) => board?.standing);
  const cover = screen.page.locator('[data-test=cover]');

  way = 'none';
  const lost_ms = Date.now();
  await cover.waitFor({ timeout: HALT_MS });
  assert.ok(Date.now() - lost_ms < HALT_MS);
  assert.match(await cover.innerText(), /DATA TIDAK DIPERBARUI\s+Sejak \d\d:\d\d:\d\d WITA, sudah 0:0\d\.\s+Server tidak lagi mengirim angka papan ini/);
  assert.equal((await screen.known()).feed.is, 'live', 'the feed itself is well');
  await screen.isAccessible();
  way = 'through';
  await cover.waitFor({ state: 'detached' });

  way = 'stale';
  await cover.waitFor({ timeout: HALT_MS });
  assert.match(await cover.innerText(), /Server tidak dapat memperbarui angkanya/);
  await screen.shot('board-cover');
  way = 'through';
  await cover.waitFor({ state: 'detached' });

  server.freeze();
  try {
    await cover.waitFor({ timeout: HALT_MS });
  } finally {
    server.thaw();
  }
  await cover.waitFor({ state: 'detached' });
  await screen.live();
  await screen.close();
});
