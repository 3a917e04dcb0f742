// A server that dies under a console at work: seen at once, covered within five seconds, come back to without a reload;
// nothing that was typed is lost, and nothing that was ordered is done twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, type Screen } from './harness/browser.ts';
import { atDesk, choose } from './harness/desk.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { CENTRE } from './harness/town.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;
let dispatcher: Person;

/** The time that a picture which stands still may look alive, milliseconds. */
const HALT_MS = 5_000;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ units: ['M1'] }), openBrowser()]);
  dispatcher = new Person(server, 'dispatch');
  await server.run('area', 'set', 'BPN', '--offers', 'manual');
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

const ring = (number: string) => dispatcher.post('/calls', { area: 'BPN', caller_number: number });
const report = (id: string) => dispatcher.get(`/reports/${id}`);
/** How often something of a kind happened to a report or an incident. */
async function times(kind: string, id: string): Promise<number> {
  const { events } = await dispatcher.get('/areas/BPN/journal?limit=1000');
  return events.filter((event: { kind: string; body: { report?: string; incident?: string } }) =>
    event.kind === kind && [event.body.report, event.body.incident].includes(id)).length;
}

/** A reload would forget this. */
const mark = (page: Page) => page.evaluate(() => ((window as { stays?: boolean }).stays = true));
const isSame = (page: Page) => page.evaluate(() => (window as { stays?: boolean }).stays === true);

/** Ends the server without a word, and waits until the console covers itself. */
async function lose(screen: Screen, meanwhile?: () => Promise<unknown>): Promise<void> {
  const cover = screen.page.locator('[data-test=cover]');
  await server.kill();
  const died_ms = Date.now();
  await screen.until('the loss to be told', ({ feed }) => feed.is === 'reconnecting');
  await meanwhile?.();
  await cover.waitFor({ timeout: HALT_MS });
  assert.ok(Date.now() - died_ms < HALT_MS);
}

async function comeBack(screen: Screen): Promise<void> {
  await server.serve();
  await screen.page.locator('[data-test=cover]').waitFor({ state: 'detached' });
  await screen.live();
  assert.ok(await isSame(screen.page), 'without a reload');
}

test('a half-filled form and a held call outlive the server, and the typing goes on where it was', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  await mark(page);
  const { id } = await ring('0812 5550 3300');
  await screen.until('it to ring', ({ siren }) => siren.ringing.includes(id));
  await page.keyboard.press('c');
  await page.locator('[data-test=call-form]').waitFor();
  await page.selectOption('select[name=kind]', 'robbery');
  await page.fill('input[name=pin]', `${CENTRE.lat}, ${CENTRE.lng}`);
  await page.fill('input[name=address]', 'depan Pasar Klandasan');
  await page.fill('input[name=name]', 'Ibu penjual nasi');
  await page.locator('textarea[name=text]').pressSequentially('dua orang ');

  await lose(screen, async () => assert.equal(await screen.text('feed'), 'Menyambung lagi …'));
  assert.match(await screen.text('cover'), /DATA TIDAK DIPERBARUI\s+Sejak \d\d:\d\d:\d\d WITA[^]+Pakai radio/);
  await screen.isAccessible();
  await screen.shot('console-lost');
  await page.keyboard.press('v');
  await comeBack(screen);

  assert.equal(await page.evaluate(() => (document.activeElement as HTMLTextAreaElement).name), 'text', 'the hands are where they were');
  await page.keyboard.type('naik motor');
  const typed = await page.locator('.call-form :is(input, select, textarea)').evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
  assert.deepEqual(typed, ['robbery', 'P1', `${CENTRE.lat}, ${CENTRE.lng}`, 'depan Pasar Klandasan', 'dua orang naik motor', 'Ibu penjual nasi']);
  assert.equal((await report(id)).attention, 'held');
  await page.keyboard.press('Escape');
  await page.keyboard.press('v');
  const opened = await screen.until('the incident', ({ desk }) => desk.chosen?.is === 'incident' && desk.chosen.id);
  assert.equal((await report(id)).incident, opened);
  const { incident, notes } = await dispatcher.get(`/incidents/${opened}`);
  assert.equal(incident.kind, 'robbery');
  assert.equal(notes.filter(({ text }: { text: string }) => text?.includes('dua orang naik motor')).length, 1);
  await dispatcher.post(`/incidents/${opened}/close`, { disposition: 'handled' });
  await screen.close();
});

test('what is ordered while the server is away is done once, when it is back', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  await mark(page);
  const told = await dispatcher.post('/reports', { area: 'BPN', channel: 'whatsapp', kind: 'theft', priority: 'P2', valid: true, place: CENTRE });
  const incident: string = told.incident.id;
  const { id } = await ring('0812 5550 3301');
  await screen.until('both', ({ desk }) => [id, incident].every((one) => desk.queue.some((row: { id: string }) => row.id === one)));
  await choose(screen, incident);
  await page.fill('[data-key=note]', 'saksi di pos ronda');
  await lose(screen, () => page.evaluate((call) => {
    // Nothing seems to happen, so it is pressed again.
    for (let i = 0; i < 3; i++) {
      document.querySelector<HTMLElement>(`li[data-id="${call}"] [data-test=claim]`)!.click();
      document.querySelector<HTMLFormElement>('form.note')!.requestSubmit();
    }
  }, id));
  await until('the cover to tell of it', async () => /belum dijawab: 2/.test(await screen.text('lost-late')));
  await comeBack(screen);
  await until('the claim', async () => (await report(id)).attention === 'held');
  const notes = async () => (await dispatcher.get(`/incidents/${incident}`)).notes.filter(({ text }: { text: string }) => text === 'saksi di pos ronda').length;
  await until('the note', async () => (await notes()) > 0);
  await page.locator('[data-test=late]').waitFor({ state: 'detached' });
  assert.deepEqual([await notes(), await times('report.claimed', id)], [1, 1]);
  await dispatcher.post(`/reports/${id}/judge`, { valid: false, reason: 'test', close: true });

  // Done, and the answer lost on its way: the same order again is the same order.
  await choose(screen, incident);
  await page.route('**/api/v1/incidents/*/notes', async (route) => {
    await route.fetch();
    await route.abort('connectionreset');
  }, { times: 1 });
  await page.fill('[data-key=note]', 'kedua');
  await page.press('[data-key=note]', 'Enter');
  await until('the note to be taken', async () => (await page.inputValue('[data-key=note]')) === '');
  const texts = (await dispatcher.get(`/incidents/${incident}`)).notes.map(({ text }: { text: string }) => text);
  assert.equal(texts.filter((text: string) => text === 'kedua').length, 1);
  await dispatcher.post(`/incidents/${incident}/close`, { disposition: 'handled' });
  await screen.close();
});

test('a console that is cut off for long is heard, and the system tells it to who looks elsewhere', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  await page.context().grantPermissions(['notifications'], { origin: server.url });
  await page.locator('h1').click();
  server.freeze();
  try {
    const { sounded } = await screen.until('the alarm', ({ siren }) => (siren.lost.shown && siren.lost.sounded > 0 ? siren.lost : null));
    await screen.until('it to go on', ({ siren }) => siren.lost.sounded > sounded);
  } finally {
    server.thaw();
  }
  await screen.until('it to end with the return', ({ siren }) => !siren.lost.shown);
  await screen.live();
  await screen.close();
});
