// Every shortcut that `?` lists does what it says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from './harness/browser.ts';
import { atDesk } from './harness/desk.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { CENTRE, Crew } from './harness/town.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;
let dispatcher: Person;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ units: ['M1', 'M2'] }), openBrowser()]);
  dispatcher = new Person(server, 'dispatch');
  await server.run('area', 'set', 'BPN', '--offers', 'manual');
  await Promise.all([Crew.on(server, dispatcher, 'M1', 600), Crew.on(server, dispatcher, 'M2', 1_500)]);
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

test('each shortcut of the list works, and no other is listed', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  const { keyboard } = page;
  const said = { area: 'BPN', channel: 'whatsapp', kind: 'theft', priority: 'P2', valid: true, place: CENTRE };
  const incident: string = (await dispatcher.post('/reports', said)).incident.id;
  const call: string = (await dispatcher.post('/calls', { area: 'BPN', caller_number: '0812 5550 5500' })).id;
  await screen.until('both', ({ desk, siren }) => siren.is === 'sounds' && desk.queue.some((row: { id: string }) => row.id === incident));
  const isAt = (selector: string) => until(`the focus at ${selector}`, () => page.evaluate((wanted) => document.activeElement?.matches(wanted), selector));
  const pressed: string[] = [];
  const press = async (key: string) => {
    pressed.push({ ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc' }[key] ?? key.toUpperCase());
    await keyboard.press(key);
  };

  await press('m');
  await screen.until('the mute', ({ siren }) => siren.is === 'muted');
  await keyboard.press('m');
  await screen.until('the siren again', ({ siren }) => siren.is === 'sounds');
  await press('c');
  await screen.until('the call', ({ desk }) => desk.chosen?.id === call);
  await press('x');
  await isAt('[data-test=invalid] select');
  await press('Escape');
  await isAt('body');
  await page.fill('input[name=pin]', `${CENTRE.lat}, ${CENTRE.lng}`);
  await keyboard.press('Escape');
  await press('v');
  const opened: string = await screen.until('the incident', ({ desk }) => desk.chosen?.is === 'incident' && desk.chosen.id);
  await page.locator('[data-test=send]').first().waitFor();
  await press('n');
  await isAt('[data-key=note]');
  await keyboard.press('Escape');
  await press('1');
  await isAt('[data-pane="1"] [data-row]');
  // The chosen one is where the arrows begin.
  const row = () => page.evaluate(() => document.activeElement?.closest('li')?.dataset.id);
  const first = await row();
  await keyboard.press('Home');
  const top = await row();
  await press('ArrowDown');
  const second = await row();
  assert.ok(second !== top && [incident, opened].includes(second!));
  await press('ArrowUp');
  assert.equal(await row(), top);
  await press('Enter');
  await screen.until('the row to be open', ({ desk }) => desk.chosen?.id === top);
  assert.ok(first);
  await page.locator('[data-test=send]').first().waitFor();
  await press('2');
  await isAt('[data-pane="2"] *');
  await press('3');
  await isAt('[data-pane="3"] [data-row]');
  await press('4');
  await isAt('[data-pane="4"] *');
  await press('a');
  await isAt('[data-test=candidates] [data-row]');
  await press('g');
  await screen.until('the grid', ({ map }) => map.grid);
  await press('/');
  await isAt('[data-test=line] input');
  await keyboard.press('Escape');
  await press('t');
  await isAt('[data-test=dialog] *');
  await page.locator('input[name=number]').waitFor();
  await screen.isAccessible();
  await screen.shot('console-new-call');
  await page.fill('input[name=number]', '0812 5550 5501');
  await keyboard.press('Enter');
  await page.locator('[data-test=dialog]').waitFor({ state: 'detached' });
  const own: string = await screen.until('the call that was entered', ({ desk }) => desk.chosen?.is === 'report' && desk.chosen.id);
  assert.equal((await dispatcher.get(`/reports/${own}`)).channel, 'call');
  await until('the call to be whose who entered it', async () => (await dispatcher.get(`/reports/${own}`)).attention === 'held');
  await press('f');
  await isAt('[data-test=call-form] select');
  await keyboard.press('Escape');
  await press('?');
  const listed = await page.locator('[data-test=dialog] dl').first().locator('kbd').allInnerTexts();
  assert.deepEqual([...new Set(pressed.map((key) => (key === 'ENTER' ? 'Enter' : key)))].sort(), [...listed].sort());
  await keyboard.press('Escape');
  await dispatcher.post(`/reports/${own}/claim`, { take_over: true });
  await dispatcher.post(`/reports/${own}/judge`, { valid: false, reason: 'test', close: true });
  for (const id of [incident, opened]) await dispatcher.post(`/incidents/${id}/close`, { disposition: 'handled' });
  await screen.close();
});
