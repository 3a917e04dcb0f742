// Hands that are in a hurry: double clicks, keys that are held, lines that are begun and left, a page that nobody touched.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser } from './harness/browser.ts';
import { atDesk } from './harness/desk.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { Crew } from './harness/town.ts';
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

async function drop(ids: string[]): Promise<void> {
  for (const id of ids) {
    await dispatcher.post(`/reports/${id}/claim`, { take_over: true });
    await dispatcher.post(`/reports/${id}/judge`, { valid: false, reason: 'test', close: true });
  }
}

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
