// The console between people: calls that are passed, dropped, taken over; the desk of the region; incidents that are one,
// or two; help that is sent after, called back, and what was ended too early.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, type Screen } from './harness/browser.ts';
import { atDesk, choose, pick, type } from './harness/desk.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { CENTRE, Crew } from './harness/town.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;
let dispatcher: Person;
let operator: Person;
let crews: Crew[];

/** How long ago the silent unit was heard last, milliseconds. */
const SILENT_MS = 600_000;
const NORTH_M = [['M1', 600], ['M2', 1_500], ['C1', 2_500]] as const;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ units: ['M1', 'M2', 'C1', 'C2'] }), openBrowser()]);
  dispatcher = new Person(server, 'dispatch');
  await server.run('area', 'set', 'BPN', '--offers', 'manual');
  operator = new Person(server, 'operator');
  crews = await Promise.all(NORTH_M.map(([sign, north_m]) => Crew.on(server, dispatcher, sign, north_m)));
  await Crew.on(server, dispatcher, 'C2', -1_500, SILENT_MS);
});

// Who is silent for a minute is offered nothing.
beforeEach(() => Promise.all(crews.map((crew, i) => crew.at(NORTH_M[i]![1]))));

after(async () => {
  await browser?.close();
  await server?.remove();
});

const ring = (number: string) => dispatcher.post('/calls', { area: 'BPN', caller_number: number });
/** The region's operator sees the region's reports and the city's. */
const report = (id: string) => operator.get(`/reports/${id}`);
const incident = async (id: string) => (await dispatcher.get(`/incidents/${id}`)).incident;
const dispatches = async (id: string) => (await dispatcher.get(`/incidents/${id}`)).dispatches as { unit: string; status: string }[];

/** A valid report: its incident, and its own name. */
async function valid(kind: string, number: string): Promise<{ incident: string; report: string }> {
  const told = await dispatcher.post('/reports', {
    area: 'BPN', channel: 'whatsapp', kind, priority: 'P2', valid: true, place: CENTRE, caller_number: number,
  });
  return { incident: told.incident.id, report: told.report.id };
}

const isOpen = (screen: Screen, id: string) => screen.until(`${id} in the queue`, ({ desk }) => desk.queue.some((row: { id: string }) => row.id === id));
const journal = async (area: string, kind: string) =>
  ((await dispatcher.get(`/areas/${area}/journal?limit=1000`)).events as { kind: string; body: Record<string, unknown> }[]).filter((event) => event.kind === kind);

test('a dropped call wants to be called back: the number is shown and journalled, the caller is tried until reached', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  const { id } = await ring('0812 5550 2200');
  await isOpen(screen, id);
  await page.click(`li[data-id="${id}"] [data-test=claim]`);
  await page.locator('[data-test=call-form]').waitFor();
  assert.doesNotMatch(await screen.text('number'), /55502200/, 'a number is masked');
  assert.deepEqual(await journal('BPN', 'caller.unmasked'), []);
  await page.click('[data-test=unmask]');
  await until('the number', async () => (await screen.text('number')).replaceAll(/\D/g, '').endsWith('81255502200'));
  const seen = await journal('BPN', 'caller.unmasked');
  assert.deepEqual(seen.map(({ body }) => [body.report, body.purpose]), [[id, 'callback']]);

  await page.click('[data-test=call-dropped]');
  await page.locator('[data-test=callback]').waitFor();
  assert.match(await screen.text('callback'), /^▲ Pelapor harus ditelepon balik dalam \d+:\d\d\.$/);
  assert.match(await page.locator(`li[data-id="${id}"]`).innerText(), /telepon balik dalam \d+:\d\d/);
  await screen.isAccessible();
  await screen.shot('console-callback');
  await page.click('[data-test=unreached]');
  await until('the try to be counted', async () => (await report(id)).callbacks === 1);
  assert.ok((await report(id)).callback_by, 'and tried again after a while');
  await page.click('[data-test=reached]');
  await page.locator('[data-test=callback]').waitFor({ state: 'detached' });
  const now = await report(id);
  assert.deepEqual([now.callbacks, now.call, now.callback_by ?? null], [2, 'talking', null]);
  await pick(screen, 'invalid', 'test');
  await until('the end', async () => (await report(id)).status === 'closed');
  await screen.close();
});

test('who calls again: how it ended before, and what a commander said of the number', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  const before: string = (await ring('0812 5550 2250')).id;
  await dispatcher.post(`/reports/${before}/claim`);
  await dispatcher.post(`/reports/${before}/judge`, { valid: false, reason: 'prank', close: true });
  await new Person(server, 'commander').post(`/reports/${before}/caller/flags`, { grade: 'note', evidence: [before], reason: 'menirukan sirene' });
  const { id } = await ring('0812 5550 2250');
  await isOpen(screen, id);
  await page.click(`li[data-id="${id}"] [data-test=claim]`);
  await until('the history', async () => /2 laporan: 0 valid, 1 tidak valid, 0 sunyi/.test(await screen.text('caller')));
  assert.match(await screen.text('caller'), /⚑ Catatan sampai .*: menirukan sirene/);
  assert.match(await page.locator('[data-test=caller] .before').innerText(), /\d\d:\d\d:\d\d.*Iseng/);
  assert.doesNotMatch(await screen.text('caller'), /55502250/, 'a number is masked');
  await screen.isAccessible();
  await screen.shot('console-caller');
  await pick(screen, 'invalid', 'test');
  await until('the end', async () => (await report(id)).status === 'closed');
  await screen.close();
});

test('the desk of the region takes a call, judges it, and passes another to the city, where it rings', async () => {
  const city = await atDesk(browser, server);
  const region = await atDesk(browser, server, { login: 'operator', desk: 'KALTIM.SPKT' });
  const { page } = region;
  // The region's operator sees the city's work and sends nobody.
  const { incident: seen } = await valid('theft', '0812 5550 2300');
  await isOpen(region, seen);
  await choose(region, seen);
  assert.match(await region.text('others-send'), /pengendali di BPN/);
  assert.equal(await page.locator('[data-test=send], [data-test=close], [data-test=merge]').count(), 0);
  await region.isAccessible();

  const passed = await operator.post('/calls', { area: 'KALTIM', caller_number: '0812 5550 2301' });
  await region.until('it to ring at the region', ({ siren }) => siren.is === 'sounds' && siren.ringing.includes(passed.id));
  assert.ok(!(await city.known()).siren.ringing.includes(passed.id), 'and nowhere else');
  await page.keyboard.press('c');
  await page.locator('[data-test=call-form]').waitFor();
  await page.selectOption('select[name=kind]', 'robbery');
  await page.fill('textarea[name=text]', 'pelapor menyebut Pasar Klandasan');
  await page.click('[data-test=save]');
  await until('it to be saved', async () => (await report(passed.id)).kind === 'robbery');
  await region.shot('console-polda');
  await pick(region, 'pass', 'BPN.SPKT');
  await city.until('it to ring at the city', ({ siren }) => siren.ringing.includes(passed.id));
  await region.until('silence at the region', ({ siren }) => siren.is === 'silent');
  assert.match(await city.page.locator(`li[data-id="${passed.id}"]`).innerText(), /Berdering/);
  await city.page.click(`li[data-id="${passed.id}"] [data-test=claim]`);
  await until('it to be held', async () => (await report(passed.id)).desk === 'BPN.SPKT' && (await report(passed.id)).attention === 'held');

  // Somebody else's report is taken over, and says whose it was.
  await choose(region, passed.id);
  await page.click('[data-test=take-over]');
  await until('the other holder', async () => (await report(passed.id)).desk === 'KALTIM.SPKT');
  await page.locator('[data-test=give-back]').click();
  await region.until('it to ring again', ({ siren, desk }) => siren.is === 'sounds' || desk.queue.some((row: { id: string }) => row.id === passed.id));
  await operator.post(`/reports/${passed.id}/claim`, { take_over: true });
  await operator.post(`/reports/${passed.id}/judge`, { valid: false, reason: 'test', close: true });
  await dispatcher.post(`/incidents/${seen}/close`, { disposition: 'handled' });
  await Promise.all([region.close(), city.close()]);
});

test('two incidents that are one are merged, and a report that tells of another is split off', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  const one = await valid('theft', '0812 5550 2400');
  const other = await valid('brawl', '0812 5550 2401');
  await Promise.all([isOpen(screen, one.incident), isOpen(screen, other.incident)]);
  await choose(screen, other.incident);
  await pick(screen, 'merge', one.incident);
  await screen.until('the one that is left', ({ desk }) => desk.chosen?.id === one.incident);
  await until('the merge', async () => (await incident(other.incident)).disposition === 'duplicate');
  await screen.until('the other to be gone', ({ desk }) => !desk.queue.some((row: { id: string }) => row.id === other.incident));
  await page.locator('.detail').getByRole('button', { name: other.report, exact: true }).click();
  await page.click('[data-test=split]');
  const own = await screen.until('an incident of its own', ({ desk }) => desk.chosen?.is === 'incident' && ![one.incident, other.incident].includes(desk.chosen.id) && desk.chosen.id);
  assert.equal((await report(other.report)).incident, own);
  assert.equal((await report(one.report)).incident, one.incident);
  // The answer chooses it before the event that tells of it: the line knows what the queue has.
  await isOpen(screen, own);
  await type(screen, `close ${own} duplicate`);
  await type(screen, `close ${one.incident} handled`);
  await until('both ends', async () => (await incident(own)).status === 'closed' && (await incident(one.incident)).status === 'closed');
  await screen.close();
});

test('help is sent after the first unit and called back; what was closed too early is opened again', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  const { incident: id, report: told } = await valid('riot', '0812 5550 2500');
  await isOpen(screen, id);
  await choose(screen, id);
  await page.getByRole('button', { name: 'Perintahkan BPN-M1 lewat radio' }).click();
  await until('the first unit', async () => (await dispatches(id))[0]?.unit === 'BPN-M1');
  await page.getByRole('heading', { name: 'Bantuan: unit terdekat' }).waitFor();
  await page.getByRole('button', { name: 'Perintahkan BPN-M2 lewat radio' }).click();
  await until('the second unit', async () => (await dispatches(id)).some(({ unit, status }) => unit === 'BPN-M2' && status === 'accepted'));
  await page.locator('[data-test=work] li').nth(1).waitFor();
  await screen.isAccessible();
  await screen.shot('console-backup');
  await page.getByRole('button', { name: 'Tarik BPN-M2' }).click();
  await until('the recall', async () => (await dispatches(id)).some(({ unit, status }) => unit === 'BPN-M2' && status === 'recalled'));
  await screen.until('the unit to be free', ({ desk }) => desk.units.some((unit: { id: string; status: string }) => unit.id === 'BPN-M2' && unit.status === 'free'));
  // Handed over by hand, not by the line.
  await pick(screen, 'hand', 'BPN-C1');
  await until('the hand-over', async () => (await dispatches(id)).some(({ unit, status }) => unit === 'BPN-C1' && status === 'accepted'));
  await pick(screen, 'close', 'handled');
  await until('the end', async () => (await incident(id)).status === 'closed');
  await screen.until('its units to be free', ({ desk }) => desk.units.every((unit: { incident: string | null }) => unit.incident === null));

  // By its name, though it is in no list any more.
  await type(screen, told.slice('BPN-'.length));
  await screen.until('the closed report', ({ desk }) => desk.chosen?.id === told);
  await page.fill('[data-test=reopen] input', 'pelapor menelepon lagi');
  await page.click('[data-test=reopen] button');
  await until('it to be open', async () => (await report(told)).status === 'answered');
  await screen.until('it to be this desk\'s', ({ desk }) => desk.queue.some((row: { id: string; is: string }) => row.id === told));
  await pick(screen, 'invalid', 'other');
  await until('the end', async () => (await report(told)).status === 'closed');
  await screen.close();
});

test('a unit that is silent is grey and hollow on the map and says since when, and is not offered by itself', async () => {
  const screen = await atDesk(browser, server);
  const { page } = screen;
  await screen.until('the silent one', ({ map }) => map.units === 4 && map.stale === 1);
  const chip = page.locator('li.unit[data-id=BPN-C2][data-stale=true]');
  await until('its words', async () => /posisi USANG sejak \d\d:\d\d:\d\d/.test(await chip.innerText()));
  await screen.until('it alone on the map', ({ map }) => Object.keys(map.since).join() === 'BPN-C2' && /^usang sejak \d\d:\d\d:\d\d$/.test(map.since['BPN-C2']));
  await screen.until('it in the list', ({ desk }) => desk.units.find((unit: { id: string }) => unit.id === 'BPN-C2').stale === true);
  const { incident: id } = await valid('theft', '0812 5550 2600');
  await isOpen(screen, id);
  await choose(screen, id);
  await page.locator('[data-test=send]').first().waitFor();
  assert.doesNotMatch((await page.locator('[data-test=send]').allInnerTexts()).join(), /BPN-C2/);
  await page.locator('[data-test=candidates] summary').click();
  await until('why it was passed over', async () => /BPN-C2\s+posisi usang/.test(await page.locator('.skipped').innerText()));
  await screen.shot('console-stale');
  // A crew that radios is ordered all the same.
  await page.getByRole('button', { name: 'Perintahkan BPN-C2 lewat radio' }).click();
  await until('the order', async () => (await dispatches(id))[0]?.unit === 'BPN-C2');
  await type(screen, `close ${id} handled`);
  await screen.close();
});
