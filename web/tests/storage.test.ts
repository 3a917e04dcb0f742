// Browsers that keep nothing: storage that is forbidden by a policy or a private window, and storage that is full.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { HERE, METRE, north, PHONE } from './harness/phone.ts';
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

const FORBIDDEN = `{
  const get = () => { throw new DOMException('forbidden', 'SecurityError'); };
  for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get });
  IDBFactory.prototype.open = get;
}`;

const FULL = `Storage.prototype.setItem = IDBObjectStore.prototype.add = IDBObjectStore.prototype.put = () => {
  throw new DOMException('full', 'QuotaExceededError');
};`;

/** A page whose browser behaves so. */
async function open(path: string, storage: string, options = {}): Promise<Screen> {
  const screen = await Screen.open(browser, server, '/', options);
  await screen.page.addInitScript(storage);
  await screen.page.goto(path);
  return screen;
}

for (const [name, storage, sign] of [['forbidden', FORBIDDEN, 'M1'], ['full', FULL, 'M2']] as const) {
  test(`storage is ${name}: a crew works, and what it taps and where it goes without a network is sent afterwards`, async () => {
    const screen = await open('/unit', storage, { ...PHONE, geolocation: HERE });
    const { page } = screen;
    await screen.logIn(`bpn-${sign.toLowerCase()}`);
    await page.getByRole('radio', { name: `BPN-${sign}` }).check();
    await page.click('[data-test=sign-on]');
    await screen.until('the position to be told', ({ unit }) => unit?.up && unit.health.is === 'good');
    const { incident } = await desk.post('/reports', {
      channel: 'call', kind: 'theft', place: { lat: HERE.latitude, lng: HERE.longitude }, valid: true,
    });
    await screen.until('the offer', ({ unit }) => unit.status === 'offered');

    await page.context().setOffline(true);
    await screen.until('the line to be gone', ({ unit }) => !unit.up);
    await page.click('[data-test=accept]');
    await page.context().setGeolocation(north(20));
    await screen.until('both to be kept', ({ unit }) => unit.seen.waiting > 0 && unit.taps.length === 1);
    await page.context().setOffline(false);
    await screen.until('all to be sent', ({ unit }) => unit.up && unit.seen.waiting === 0 && unit.taps.length === 0);
    await until('the crew\'s yes', async () => (await desk.get(`/incidents/${incident.id}`)).dispatches[0].status === 'accepted');
    await until('the newest position', async () => Math.abs((await desk.get(`/units/BPN-${sign}`)).fix.place.lat - north(20).latitude) < METRE);
    await desk.post(`/incidents/${incident.id}/close`, { disposition: 'handled' });
    await desk.post(`/units/BPN-${sign}/duty`, { duty: 'off_duty' });
    await screen.close();
  });

  test(`storage is ${name}: a desk logs in, and its login goes on when the access token is spent`, async () => {
    const screen = await open('/console', storage);
    // Tokens that the server does not know any more, and the one that was used last.
    const spent = new Set<string>();
    let used = '';
    await screen.page.route('**/api/v1/ws-ticket', (route) => {
      const token = route.request().headers().authorization ?? '';
      if (!spent.has(token)) return void (used = token, route.continue());
      const body = JSON.stringify({ code: 'unauthenticated', status: 401, title: '', detail: '' });
      return route.fulfill({ status: 401, contentType: 'application/problem+json', body });
    });
    await screen.logIn('dispatch');
    await screen.live();
    // Twice: the second time, the token that renews it is the one from the first.
    for (let opened = 1; opened <= 2; opened++) {
      spent.add(used);
      await server.terminate();
      await server.serve();
      await screen.until('the feed to be back', ({ feed }) => feed.is === 'live' && feed.opened > opened);
      assert.ok(!spent.has(used), 'by a new token');
    }
    await screen.page.click('[data-test=lang]');
    assert.equal(await screen.text('feed'), 'Live');
    await screen.close();
  });
}
