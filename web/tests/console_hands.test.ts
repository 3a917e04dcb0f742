// Hands that are in a hurry: double clicks, keys that are held, lines that are begun and left, a page that nobody touched.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, type Screen } from './harness/browser.ts';
import { atDesk, choose } from './harness/desk.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { CENTRE, Crew } from './harness/town.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;
let dispatcher: Person;

before(async () => {
  // As browsers are in a control room: without a touch there is no sound.
  [server, browser] = await Promise.all([Server.start({ units: ['M1', 'M2'] }), openBrowser('--autoplay-policy=document-user-activation-required')]);
  dispatcher = new Person(server, 'dispatch');
  await server.run('area', 'set', 'BPN', '--offers', 'manual');
  await Promise.all([Crew.on(server, dispatcher, 'M1', 600), Crew.on(server, dispatcher, 'M2', 1_500)]);
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

const ring = async (number: string): Promise<string> => (await dispatcher.post('/calls', { area: 'BPN', caller_number: number })).id;
const report = (id: string) => dispatcher.get(`/reports/${id}`);
const dispatches = async (id: string) => (await dispatcher.get(`/incidents/${id}`)).dispatches.map(({ unit, status }: { unit: string; status: string }) => `${unit} ${status}`);

async function incident(screen: Screen, text = 'dua orang'): Promise<string> {
  const said = { area: 'BPN', channel: 'whatsapp', kind: 'theft', priority: 'P2', valid: true, place: CENTRE, text };
  const { id } = (await dispatcher.post('/reports', said)).incident;
  await screen.until(`${id} in the queue`, ({ desk }) => desk.queue.some((row: { id: string }) => row.id === id));
  return id;
}

async function drop(ids: string[]): Promise<void> {
  for (const id of ids) {
    await dispatcher.post(`/reports/${id}/claim`, { take_over: true });
    await dispatcher.post(`/reports/${id}/judge`, { valid: false, reason: 'test', close: true });
  }
}

test('a double click gives one order, whatever has come below the pointer by its second half', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  const id = await incident(screen);
  await choose(screen, id);
  const send = page.locator('[data-test=send]').first();
  await send.click({ trial: true });
  const { x, y } = (await send.boundingBox())!;
  await page.mouse.move(x + 30, y + 10);
  await page.mouse.down();
  await page.mouse.up();
  // The second half comes when the crew's steps lie where the crew was.
  const under = () => page.evaluate(([left, top]) => document.elementFromPoint(left!, top!)?.closest('button')?.dataset.test, [x + 30, y + 10]);
  const next = await until('something else below the pointer', async () => (await under()) !== 'send' && ((await under()) ?? 'nothing'));
  const heard_ms = Date.now();
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  assert.equal(next, 'step-accepted', 'the test aims at what would be the worst');
  assert.deepEqual(await dispatches(id), ['BPN-M1 offered']);
  // A moment later it is a click like any other.
  await until('the hand to be still', () => Date.now() - heard_ms > 750);
  await page.mouse.down();
  await page.mouse.up();
  await until('the step', async () => (await dispatches(id)).join() === 'BPN-M1 accepted');
  await dispatcher.post(`/incidents/${id}/close`, { disposition: 'handled' });
  await screen.close();
});

test('a double click takes one call, and a key that is held takes one', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  const calls = [await ring('0812 5550 4400'), await ring('0812 5550 4401'), await ring('0812 5550 4402')];
  await screen.until('all to ring', ({ siren }) => siren.ringing.length === 3);
  const box = (await page.locator(`li[data-id="${calls[0]}"] [data-test=claim]`).boundingBox())!;
  await page.mouse.move(box.x + 10, box.y + 10);
  await page.mouse.down();
  await page.mouse.up();
  await screen.until('the next one below the pointer', ({ siren }) => siren.ringing.length === 2);
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  await page.locator('h1').click();
  const held = async () => (await Promise.all(calls.map(report))).map(({ attention }) => attention).join(' ');
  assert.equal(await held(), 'held ringing ringing');
  await page.keyboard.down('c');
  await screen.until('the second to be taken', ({ desk }) => desk.chosen?.id === calls[1]);
  for (let i = 0; i < 5; i++) await page.keyboard.down('c');
  await page.keyboard.up('c');
  await page.keyboard.press('?');
  await page.locator('[data-test=dialog]').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await held(), 'held held ringing');
  await drop(calls);
  await screen.close();
});

test('a line that was begun outlives another choice and a new login; long words stay within their pane', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  const one = await incident(screen, `<b id="made">\u202e${'panjang'.repeat(80)} \ud83d\udea8 \u0645\u0631\u062d\u0628\u0627`);
  const other = await incident(screen);
  await choose(screen, one);
  await until('the text', async () => (await screen.text('notes')).includes('panjang'));
  assert.equal(await page.locator('#made').count(), 0, 'it is a text');
  assert.ok(await page.locator('.detail').evaluate((pane) => pane.scrollWidth <= pane.clientWidth), 'nothing is pushed out of the pane');
  await page.fill('[data-key=note]', 'saksi di pos');
  await choose(screen, other);
  assert.equal(await page.inputValue('[data-key=note]'), '', 'it belongs to the other one');
  await choose(screen, one);
  assert.equal(await page.inputValue('[data-key=note]'), 'saksi di pos');
  // The login ends: by another tab that logs out.
  await page.evaluate(() => {
    localStorage.removeItem('sigap.session.desk');
    dispatchEvent(new StorageEvent('storage', { key: 'sigap.session.desk' }));
  });
  await screen.logIn('dispatch');
  await screen.live();
  await page.locator('[data-key=note]').waitFor();
  assert.equal(await page.inputValue('[data-key=note]'), 'saksi di pos');
  await page.press('[data-key=note]', 'Enter');
  await until('the note', async () => (await screen.text('notes')).includes('saksi di pos'));
  assert.equal(await page.inputValue('[data-key=note]'), '');

  // Old screens, and 200 % of usual ones: each pane can be reached and none is pushed out.
  for (const [width, height] of [[1024, 768], [683, 384]] as const) {
    await page.setViewportSize({ width, height });
    const panes = await page.locator('.pane').evaluateAll((all) => all.map((pane) => {
      pane.scrollIntoView();
      const { left, right, width: wide, height: high } = pane.getBoundingClientRect();
      return left >= 0 && right <= innerWidth && wide >= 200 && high >= 60;
    }));
    assert.deepEqual(panes, [true, true, true, true], `${width} x ${height}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await screen.isAccessible();
    await screen.shot(`console-${width}`);
  }
  for (const id of [one, other]) await dispatcher.post(`/incidents/${id}/close`, { disposition: 'handled' });
  await screen.close();
});

test('a page that nobody has touched says before anything rings that its siren cannot be heard', async () => {
  const first = await atDesk(browser, server);
  const storageState = await first.page.context().storageState();
  await first.close();
  const context = await browser.newContext({ baseURL: server.url, storageState });
  const page = await context.newPage();
  // What the harness asks a page counts as a touch; what the debugger asks does not.
  const debug = await context.newCDPSession(page);
  const ask = async (expression: string) => (await debug.send('Runtime.evaluate', { expression, returnByValue: true })).result.value;
  const told = () => ask('document.querySelector("[data-test=siren]")?.innerText');
  await page.goto('/console');
  await until('the warning', async () => /SIRENE TIDAK TERDENGAR[^]*klik di sini/.test(await told()));
  assert.equal(await ask('navigator.userActivation.hasBeenActive'), false);
  const id = await ring('0812 5550 4410');
  await until('the siren', async () => /SIRENE: 1 berdering[^]*klik di sini/.test(await told()));
  await page.mouse.click(300, 20);
  await until('it to be heard', async () => /SIRENE: 1 berdering/.test(await told()) && !/klik di sini/.test(await told()));
  await drop([id]);
  await until('silence', async () => /Sirene siaga/.test(await told()));
  await context.close();
});
