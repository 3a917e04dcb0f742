// One emergency through all screens: a call is taken and judged at the console, a phone is asked and drives there, and the
// commander's board counts it. Nothing here goes past a screen but the ringing of the call.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { Person } from './harness/people.ts';
import { Gps, HERE, north, PHONE } from './harness/phone.ts';
import { Server } from './harness/server.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ units: ['M1', 'C1'] }), openBrowser()]);
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

async function phone(): Promise<{ screen: Screen; gps: Gps }> {
  const screen = await Screen.open(browser, server, '/unit', { ...PHONE, geolocation: HERE });
  const gps = new Gps(screen);
  await screen.logIn('bpn-m1');
  await screen.page.getByRole('radio', { name: 'BPN-M1' }).check();
  await screen.page.click('[data-test=sign-on]');
  await screen.until('the tracking to be well', ({ unit }) => unit.riding?.unit === 'BPN-M1' && unit.health.is === 'good');
  return { screen, gps };
}

async function console_(): Promise<Screen> {
  const screen = await Screen.open(browser, server, '/console', { viewport: { width: 1366, height: 768 } });
  await screen.logIn('dispatch');
  await screen.live();
  await screen.page.locator('[data-test=sit]:enabled').click();
  await screen.until('the seat', ({ desk }) => desk.seat === 'BPN.SPKT');
  return screen;
}

async function board(): Promise<Screen> {
  const screen = await Screen.open(browser, server, '/board');
  await screen.logIn('commander');
  await screen.live();
  await screen.until('the first figures', ({ board }) => board?.standing);
  return screen;
}

test('a call is taken, judged, offered to a phone, accepted, driven, reached and cleared, and the board counts it', async () => {
  const [{ screen: officer, gps }, desk, wall] = [await phone(), await console_(), await board()];
  await desk.until('the unit on the map', ({ map }) => map.units === 1);
  await wall.until('a free unit', ({ board }) => board.units.available === 1);

  // The caller rings; the operator hears it, takes it, and finds it true.
  await new Person(server, 'dispatch').post('/calls', { area: 'BPN', caller_number: '0812 5550 1100' });
  await desk.until('the siren', ({ siren }) => siren.is === 'sounds');
  await desk.page.locator('[data-test=claim]').click();
  await desk.until('silence', ({ siren }) => siren.is === 'silent');
  await desk.page.locator('[data-test=call-form]').waitFor();
  await desk.page.selectOption('select[name=kind]', 'robbery');
  const { latitude, longitude } = north(600);
  await desk.page.fill('input[name=pin]', `${latitude}, ${longitude}`);
  await desk.page.fill('textarea[name=text]', 'dua orang di depan toko');
  await desk.page.click('[data-test=valid]');

  // The nearest free unit is asked by itself.
  await officer.page.locator('[data-test=offer]').waitFor();
  assert.match(await officer.text('scene'), /Perampokan[^]+dua orang di depan toko/);
  await wall.until('one that is open', ({ board }) => board.standing.open === 1);
  await officer.page.click('[data-test=accept]');
  await officer.page.click('[data-test=step-en_route]');
  const status = (is: string) => desk.until(`the unit to be ${is}`, (known) => known.desk.units.some((unit: { id: string; status: string }) => unit.id === 'BPN-M1' && unit.status === is));
  await status('enroute');
  await wall.until('it to be seen on its way', ({ board }) => board.units.en_route === 1);

  await gps.drive(570);
  await officer.page.click('[data-test=step-on_scene]');
  await officer.page.locator('[data-test=arrival]').waitFor();
  await status('onscene');
  await wall.until('it to be counted', ({ board }) => board.standing.within_target_today === 1 && board.standing.decided_today === 1);
  await until('the arrival to be proved', async () => (await desk.text('arrival')) === 'terbukti GPS');
  await desk.shot('story-console');
  await officer.page.click('[data-test=step-cleared]');
  await officer.page.click('[data-test=clear-handled]');
  await wall.until('nothing to be open', ({ board }) => board.standing.open === 0 && board.units.available === 1);
  assert.equal((await wall.known()).board.standing.within_target_today, 1);
  await wall.shot('story-board');
  gps.stop();
  await Promise.all([officer, desk, wall].map((screen) => screen.close()));
});
