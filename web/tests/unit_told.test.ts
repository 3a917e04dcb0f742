// What the officer's app says by itself: that the browser stopped the position, that the time for an answer is up, that a
// cry for help has not left the phone; and that the screen stays on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { HERE, PHONE } from './harness/phone.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;
let desk: Person;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ units: ['M1', 'M2'] }), openBrowser()]);
  desk = new Person(server, 'dispatch');
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

/** A clock that can be moved on while nothing runs, as in a phone whose page sleeps. */
const CLOCK = `{
  const Real = Date;
  window.slept_ms = 0;
  window.Date = class extends Real {
    constructor(...at) { super(...(at.length > 0 ? at : [Real.now() + window.slept_ms])); }
    static now() { return Real.now() + window.slept_ms; }
  };
}`;

async function phone(sign: string): Promise<Screen> {
  const screen = await Screen.open(browser, server, '/', { ...PHONE, permissions: ['geolocation', 'screen-wake-lock'], geolocation: HERE });
  await screen.page.addInitScript(CLOCK);
  await screen.page.goto('/unit');
  await screen.logIn(`bpn-${sign.toLowerCase()}`);
  await screen.page.getByRole('radio', { name: `BPN-${sign}` }).check();
  await screen.page.click('[data-test=sign-on]');
  await screen.until('the position to be told', ({ unit }) => unit?.up && unit.health.is === 'good');
  return screen;
}

test('a page that slept in the background says for how long nobody saw the unit, and which apps do not sleep', async () => {
  const screen = await phone('M1');
  const { page } = screen;
  await screen.until('the screen to be kept on', ({ unit }) => unit.awake === 'on');
  assert.equal(await page.locator('[data-test=slept]').count(), 0);
  await page.evaluate(`for (const hidden of [true, false]) {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    if (hidden) window.slept_ms = 125_000;
  }`);
  await page.locator('[data-test=slept]').waitFor();
  assert.match(await screen.text('slept'), /Selama 2:0\d aplikasi ini di latar belakang/);
  await screen.isAccessible();
  await screen.shot('unit-slept');
  await page.locator('[data-test=slept] button').first().click();
  for (const name of ['Traccar Client', 'OsmAnd', 'OwnTracks']) {
    assert.match((await page.getByRole('link', { name }).getAttribute('href'))!, /^https:/);
  }
  await screen.isAccessible();
  await page.click('[data-test=close]');
  await page.locator('[data-test=slept] > button').last().click();
  await page.locator('[data-test=slept]').waitFor({ state: 'detached' });
  await desk.post('/units/BPN-M1/duty', { duty: 'off_duty' });
  await screen.close();
});

test('the ring runs out: the work is gone, and the crew is told; help that cannot be called is not said to come', async () => {
  const screen = await phone('M2');
  const { page } = screen;
  const said = { channel: 'call', kind: 'theft', place: { lat: HERE.latitude, lng: HERE.longitude }, valid: true };
  const { incident } = await desk.post('/reports', said);
  await page.locator('[data-test=offer]').waitFor();
  const left = async () => Number(await screen.text('left'));
  assert.ok((await left()) > 10 && (await left()) <= 15);
  await page.locator('.ring[data-late=true]').waitFor({ timeout: 20_000 });
  assert.ok((await left()) <= 5);
  await screen.isAccessible();
  await page.locator('[data-test=notice][data-is=ended]').waitFor();
  assert.match(await screen.text('notice'), new RegExp(`Waktu menjawab ${incident.id} habis`));
  assert.equal(await page.locator('[data-test=offer]').count(), 0);
  await screen.isAccessible();
  await screen.shot('unit-expired');
  await page.locator('[data-test=notice] button').click();
  await desk.post(`/incidents/${incident.id}/close`, { disposition: 'handled' });

  await server.kill();
  await screen.until('the line to be gone', ({ unit }) => !unit.up);
  await page.locator('[data-test=panic]').focus();
  await page.keyboard.down(' ');
  await page.locator('[data-test=panic-waits]').waitFor();
  await page.keyboard.up(' ');
  assert.match(await screen.text('panic-waits'), /BELUM TERKIRIM[^]*radio/i);
  assert.equal(await page.locator('[data-test=notice][data-is=helped]').count(), 0);
  await screen.isAccessible();
  await screen.shot('unit-panic-waits');
  await server.serve();
  await page.locator('[data-test=notice][data-is=helped]').waitFor();
  assert.equal(await page.locator('[data-test=panic-waits]').count(), 0);
  const panics = (await desk.get('/areas/BPN/incidents')).filter(({ origin }: { origin: string }) => origin === 'panic');
  assert.equal(panics.length, 1, 'called once');
  await until('its end', async () => (await desk.post(`/incidents/${panics[0].id}/close`, { disposition: 'handled' })) !== null);
  await screen.close();
});
