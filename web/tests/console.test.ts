// The dispatch console at work: a call is taken, judged, units are sent; by hand, by keys, by the command line.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { atDesk } from './harness/desk.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { CENTRE, Crew } from './harness/town.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;
let dispatcher: Person;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ units: ['M1', 'M2', 'C1'] }), openBrowser()]);
  dispatcher = new Person(server, 'dispatch');
  // Nobody is asked by the program: what happens here is what the console does.
  await server.run('area', 'set', 'BPN', '--offers', 'manual');
  await Promise.all([Crew.on(server, dispatcher, 'M1', 600), Crew.on(server, dispatcher, 'M2', 1_500), Crew.on(server, dispatcher, 'C1', 2_500)]);
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

const atWork = (path = '/console') => atDesk(browser, server, { path });
const ring = (number = '0812 5550 1100') => dispatcher.post('/calls', { area: 'BPN', caller_number: number });

async function incident(kind = 'theft', priority = 'P2'): Promise<string> {
  const told = await dispatcher.post('/reports', { area: 'BPN', channel: 'whatsapp', kind, priority, valid: true, place: CENTRE });
  return told.incident.id;
}

const dispatches = async (id: string) => (await dispatcher.get(`/incidents/${id}`)).dispatches as { unit: string; status: string; mode: string }[];
const close = (id: string) => dispatcher.post(`/incidents/${id}/close`, { disposition: 'handled' });

test('a call sounds the siren until it is claimed, is judged, and the nearest unit is sent', async () => {
  const screen = await atWork();
  const { page } = screen;
  const { kind, headings } = await screen.until('units on the map', ({ map }) => (map.units === 3 ? map : null));
  assert.deepEqual([kind, headings], ['canvas', { 'BPN-M1': 180, 'BPN-M2': 180, 'BPN-C1': 180 }], 'WebGL by the processor is too slow: the plain canvas it is');
  await page.locator('h1').click();
  const report = await ring();
  await screen.until('the siren', ({ siren }) => siren.is === 'sounds' && siren.on && siren.ringing[0] === report.id);
  assert.match(await screen.text('siren'), /SIRENE: 1 berdering/);
  await screen.isAccessible();
  await screen.shot('console-ringing');
  await page.click('[data-test=mute]');
  await screen.until('the mute', ({ siren }) => siren.is === 'muted' && !siren.on);
  assert.match(await screen.text('siren'), /Sirene bisu sampai \d\d:\d\d:\d\d/);
  const second = await ring('0812 5550 1101');
  await screen.until('a new call to be heard in spite of it', ({ siren }) => siren.is === 'sounds' && siren.on);
  await page.keyboard.press('c');
  await screen.until('the older one to be claimed', ({ desk }) => desk.chosen?.id === report.id);
  await screen.until('the siren to go on for the other', ({ siren }) => siren.on && siren.ringing.join() === second.id);
  await page.click(`li[data-id="${second.id}"] [data-test=claim]`);
  await screen.until('silence', ({ siren }) => siren.is === 'silent' && !siren.on);

  await page.click(`li[data-id="${second.id}"] [data-row]`);
  await page.selectOption('[data-test=invalid] select', 'prank');
  await page.click('[data-test=invalid] button');
  await screen.until('the prank to be gone', ({ desk }) => !desk.queue.some((row: { id: string }) => row.id === second.id));

  await page.click(`li[data-id="${report.id}"] [data-row]`);
  await page.selectOption('select[name=kind]', 'robbery');
  await page.fill('input[name=pin]', `${CENTRE.lat}, ${CENTRE.lng}`);
  await page.fill('textarea[name=text]', 'dua orang di depan toko');
  await screen.isAccessible();
  await screen.shot('console-call');
  await page.click('[data-test=valid]');
  const opened = await screen.until('the incident', ({ desk }) => desk.chosen?.is === 'incident' && desk.chosen.id);
  await page.locator('[data-test=send]').first().waitFor();
  assert.match(await page.locator('[data-test=send]').first().innerText(), /1\. BPN-M1\s+± \d+ mnt · 0\.6 km · posisi \d:\d\d\s+motor terdekat/);
  await screen.until('heat', ({ desk }) => desk.queue[0].id === opened && desk.queue[0].heat >= 1);
  await screen.isAccessible();
  await screen.shot('console-incident');
  await page.locator('[data-test=send]').first().click();
  await until('the offer', async () => (await dispatches(opened))[0]?.unit === 'BPN-M1');
  await page.locator('[data-test=step-accepted]').click();
  await page.locator('[data-test=step-on_scene]').click();
  await screen.until('the unit on scene', ({ desk }) => desk.units.some((unit: { id: string; status: string }) => unit.id === 'BPN-M1' && unit.status === 'onscene'));
  await until('the clock to stop', async () => /tiba .* tepat waktu/.test(await screen.text('sla')));
  await until('the arrival to be doubted: the unit is elsewhere', async () => /belum terbukti: GPS 0\.6 km dari lokasi/.test(await screen.text('arrival')));
  await screen.isAccessible();
  await screen.shot('console-onscene');
  assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollHeight <= innerHeight, document.documentElement.scrollWidth <= innerWidth]), [true, true]);
  await close(opened);
  await screen.close();
});

test('by the keyboard alone: claim, judge, assign, note', async () => {
  const screen = await atWork();
  const { page } = screen;
  const { keyboard } = page;
  const report = await ring('0812 5550 1102');
  await screen.until('it to ring', ({ siren }) => siren.ringing.includes(report.id));
  await keyboard.press('c');
  await page.locator('[data-test=call-form]').waitFor();
  await page.locator('select[name=kind]').focus();
  await keyboard.type('Perampokan');
  for (let i = 0; i < 2; i++) await keyboard.press('Tab');
  await keyboard.type(`${CENTRE.lat}, ${CENTRE.lng}`);
  await keyboard.press('Escape');
  await keyboard.press('v');
  const opened = await screen.until('the incident', ({ desk }) => desk.chosen?.is === 'incident' && desk.chosen.id);
  await page.locator('[data-test=send]').first().waitFor();
  await keyboard.press('a');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await until('the second nearest to be asked', async () => (await dispatches(opened))[0]?.unit === 'BPN-M2');
  await keyboard.press('n');
  await keyboard.type('pelapor menunggu di pos');
  await keyboard.press('Enter');
  await until('the note', async () => (await screen.text('notes')).includes('pelapor menunggu di pos'));
  await keyboard.press('Escape');
  await keyboard.press('1');
  assert.ok(await page.evaluate(() => document.activeElement?.matches('[data-pane="1"] [data-row]')));
  await keyboard.press('?');
  await page.locator('[data-test=dialog]').waitFor();
  await screen.isAccessible();
  await screen.shot('console-help');
  await keyboard.press('Escape');
  await page.locator('[data-test=dialog]').waitFor({ state: 'detached' });
  await close(opened);
  await screen.close();
});

test('by the command line, with completion', async () => {
  const screen = await atWork();
  const { page } = screen;
  const { keyboard } = page;
  const id = await incident();
  const number = id.slice('BPN-'.length);
  await screen.until('the incident', ({ desk }) => desk.queue.some((row: { id: string }) => row.id === id));
  const type = async (text: string) => {
    await keyboard.press('/');
    await keyboard.type(text);
    await keyboard.press('Enter');
    await page.locator('[data-test=line]').waitFor({ state: 'detached' });
  };
  await keyboard.press('/');
  await keyboard.type('m');
  await screen.shot('console-line');
  await screen.isAccessible();
  await keyboard.press('ArrowDown');
  assert.deepEqual(await page.locator('[data-test=line] [role=option]').allInnerTexts(), ['merge', 'BPN-M1', 'BPN-M2']);
  await keyboard.press('Tab');
  await keyboard.type(`>> ${number}`);
  await keyboard.press('Enter');
  await until('the order', async () => (await dispatches(id)).find(({ unit }) => unit === 'BPN-M1')?.mode === 'assign');
  await page.locator('[data-test=line]').waitFor({ state: 'detached' });
  await screen.until('the unit to be held', ({ desk }) => desk.units.some((unit: { id: string; incident: string }) => unit.id === 'BPN-M1' && unit.incident === id));
  await type('st BPN-M1 scene');
  await type(`note ${number} saksi dua orang`);
  await type(number);
  await until('the note', async () => (await screen.text('notes')).includes('saksi dua orang'));
  await type('ho M1 C1');
  await until('the hand-over', async () => (await dispatches(id)).some(({ unit, status }) => unit === 'BPN-C1' && status === 'accepted'));
  await screen.until('the other to be held', ({ desk }) => desk.units.some((unit: { id: string; incident: string }) => unit.id === 'BPN-C1' && unit.incident === id));
  await type('recall C1 salah alamat');
  await until('the recall', async () => (await dispatches(id)).every(({ status }) => status === 'recalled'));
  await until('what came of it', async () => (await screen.text('notice')).includes('BPN-C1: Ditarik.'));
  await keyboard.press('/');
  await keyboard.type('M9 > 1');
  await keyboard.press('Enter');
  assert.equal(await page.locator('[data-test=line] [role=alert]').innerText(), 'Unit tidak dikenal: M9');
  await keyboard.press('Escape');
  await type(`close ${number} nothing_found`);
  await until('the end', async () => (await dispatcher.get(`/incidents/${id}`)).incident.status === 'closed');
  const second = await incident();
  await screen.until('the second', ({ desk }) => desk.queue.some((row: { id: string }) => row.id === second));
  await type(second);
  await type(`close ${second} referred`);
  await until('its clock to stand', async () => /^ditutup setelah \d+:\d\d, tanpa unit di lokasi$/.test(await screen.text('sla')));
  assert.match(await page.locator('[data-pane="4"] header').innerText(), /Ditutup: Dirujuk/);
  await screen.close();
});

test('in a window as narrow as a phone the panes lie below one another, and the map has its width', async () => {
  const screen = await Screen.open(browser, server, '/console', { viewport: { width: 390, height: 844 } });
  await screen.logIn('dispatch');
  await screen.live();
  await screen.until('units on the map', ({ map }) => map.units === 3);
  assert.ok(((await screen.page.locator('[data-test=map]').boundingBox())?.width ?? 0) > 300);
  assert.equal(await screen.page.evaluate(() => document.documentElement.scrollWidth), 390);
  await screen.isAccessible();
  await screen.close();
});

test('a unit is dragged onto an incident, in the lists and on the map', async () => {
  const screen = await atWork();
  const { page } = screen;
  const [one, other] = [await incident('fire', 'P1'), await incident('brawl', 'P1')];
  await Promise.all([one, other].map((id) => page.locator(`li.incident[data-id="${id}"]`).waitFor()));
  await page.dragAndDrop('li.unit[data-id=BPN-M2]', `li.incident[data-id="${one}"]`);
  await until('the unit to be asked', async () => (await dispatches(one))[0]?.unit === 'BPN-M2');
  // On the map: from where the unit is to where the incident is.
  await page.click(`li.incident[data-id="${other}"] [data-row]`);
  await screen.until('the ranking on the map', ({ map }) => map.ranked.includes('BPN-C1'));
  const { map } = await screen.known();
  const box = (await page.locator('[data-test=map]').boundingBox())!;
  const [from, to] = [map.at['BPN-C1'], map.incidents[other]];
  await page.mouse.move(box.x + from.x, box.y + from.y);
  await page.mouse.down();
  await page.mouse.move(box.x + to.x, box.y + to.y, { steps: 5 });
  await page.mouse.up();
  await until('the other unit to be asked', async () => [...(await dispatches(one)), ...(await dispatches(other))].some(({ unit }) => unit === 'BPN-C1'));
  await Promise.all([close(one), close(other)]);
  await screen.close();
});

test('in English and by day; a place clicked on the map; a notification', async () => {
  const screen = await atWork('/console?map=canvas');
  const { page } = screen;
  await page.context().grantPermissions(['notifications'], { origin: server.url });
  // Nobody can click on what the system shows: the page's own notifications are kept for it.
  await page.addInitScript(() => {
    const Shown = Notification;
    window.Notification = class extends Shown {
      constructor(title: string, options?: NotificationOptions) {
        super(title, options);
        Object.assign(window, { __shown: this });
      }
    };
  });
  await page.reload();
  await screen.live();
  await screen.until('the seat', ({ desk }) => desk?.seat === 'BPN.SPKT');
  await page.click('[data-test=lang]');
  await page.click('[data-test=theme]');
  const report = await ring('0812 5550 1103');
  await screen.until('the notification', ({ siren }) => siren.notified === 1 && siren.ringing.includes(report.id));
  assert.match(await screen.text('siren'), /SIREN: 1 ringing/);
  await page.evaluate(() => (window as unknown as { __shown: Notification }).__shown.onclick!(new Event('click')));
  await screen.until('the report that it told of', ({ desk }) => desk.chosen?.id === report.id);
  await page.click('[data-test=claim]');
  await page.locator('[data-test=call-form]').waitFor();
  await screen.until('the notification to be taken back', ({ siren }) => siren.shown.length === 0);
  const { map } = await screen.known();
  const box = (await page.locator('[data-test=map]').boundingBox())!;
  await page.mouse.click(box.x + map.at['BPN-M1'].x - 80, box.y + map.at['BPN-M1'].y);
  await until('the place in the form', async () => /^-1\.\d+, 116\.\d+$/.test(await page.inputValue('input[name=pin]')));
  await page.click('[data-test=grid]');
  await screen.until('the grid', ({ map: now }) => now.grid);
  await page.click('[data-test=save]');
  await screen.isAccessible();
  await screen.shot('console-light');
  await dispatcher.post(`/reports/${report.id}/judge`, { valid: false, reason: 'test', close: true });
  await screen.close();
});

test('a map that has no room is not drawn, and is as soon as it has some', async () => {
  const screen = await atWork();
  await screen.page.addInitScript(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.panes .map { display: none }');
    document.adoptedStyleSheets = [sheet];
  });
  await screen.page.reload();
  await screen.live();
  await screen.until('the units', ({ map }) => map?.units === 3 && map.frames === 0);
  await screen.page.evaluate(() => (document.adoptedStyleSheets = []));
  await screen.until('a drawn map', ({ map }) => map.frames > 0);
  await screen.close();
});

test('the map by MapLibre shows the same', async () => {
  const screen = await atWork('/console?map=gl');
  await screen.until('MapLibre', ({ map }) => map.kind === 'gl' && map.units === 3, 30_000);
  const id = await incident('riot', 'P1');
  await screen.page.click(`li.incident[data-id="${id}"] [data-row]`);
  const at = await screen.until('the incident on the map', ({ map }) => map.ranked.length > 0 && map.incidents[id]);
  assert.ok(at.x > 0 && at.y > 0);
  await screen.shot('console-gl');

  // The graphics card fails at work.
  await screen.page.evaluate(() => document.querySelector<HTMLCanvasElement>('.below canvas')!.getContext('webgl2')!.getExtension('WEBGL_lose_context')!.loseContext());
  const again = await screen.until('the plain canvas', ({ map }) => (map.kind === 'canvas' ? map : null));
  assert.ok(again.units === 3 && Math.hypot(again.incidents[id].x - at.x, again.incidents[id].y - at.y) < 1, 'it shows the same');
  await screen.until('it to go on', ({ map }) => map.frames > again.frames);
  await close(id);
  await screen.close();
});

test('without WebGL the map is a canvas, even where MapLibre is asked for', async () => {
  const screen = await atWork('/console?map=canvas');
  // As a text: what compiles tests gives functions names by a helper that the page does not have.
  await screen.page.addInitScript({ content: `
    const real = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
      if (!kind.includes('webgl')) return real.call(this, kind, ...more);
      window.__refused = true;
      return null;
    };` });
  await screen.page.goto('/console?map=gl');
  await screen.live();
  await screen.page.waitForFunction(() => '__refused' in window);
  await screen.until('the map', ({ map }) => map.kind === 'canvas' && map.units === 3 && map.frames > 0);
  screen.faults.splice(0, Infinity, ...screen.faults.filter((fault) => !/WebGL/i.test(fault)));
  await screen.close();
});
