// A screen and its feed: log in, live, a restart of the server, a server that stands still.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { Server } from './harness/server.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

/** The time that a server which stands still may look alive, milliseconds. */
const HALT_MS = 5_000;

test('a wrong password is told, in both languages', async () => {
  const screen = await Screen.open(browser, server, '/console');
  await screen.isAccessible();
  await screen.logIn('dispatch', 'something else');
  const alert = screen.page.getByRole('alert');
  assert.equal(await alert.innerText(), 'Nama pengguna atau kata sandi salah.');
  await screen.page.click('[data-test=lang]');
  assert.equal(await alert.innerText(), 'Wrong user name or password.');
  assert.equal(await screen.page.locator('html').getAttribute('lang'), 'en');
  // A network that puts its own page before the server.
  await screen.page.route('**/auth/login', (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>Welcome</h1>' }), { times: 1 });
  await screen.page.click('button.primary');
  await until('no answer to be told', async () => (await alert.innerText()) === 'The server does not answer. Check the network and try again.');
  await screen.shot('login');
  await screen.page.click('[data-test=theme]');
  await screen.isAccessible();
  await screen.close();
});

test('a restarted server is come back to without a reload, and nothing is missed', async () => {
  const screen = await Screen.open(browser, server, '/console');
  await screen.logIn('dispatch');
  await screen.live();
  assert.equal(await screen.text('feed'), 'Langsung');
  await screen.isAccessible();
  await screen.until('the picture of Balikpapan', ({ areas }) => areas?.BPN?.resets === 1);
  await screen.page.evaluate(() => ((window as { unloaded?: boolean }).unloaded = false));

  await server.terminate();
  await until('the page to say so', async () => (await screen.text('feed')) === 'Menyambung lagi …');
  await server.run('unit', 'add', 'BPN-M9');
  await screen.shot('reconnecting');
  await server.serve();

  await screen.live();
  assert.equal(await screen.text('feed'), 'Langsung');
  const read = await screen.until('what was missed', ({ areas }) => (areas.BPN.resumes === 1 ? areas.BPN : null));
  assert.deepEqual([read.resets, read.events], [1, 1], 'the unit that was added meanwhile, and no new picture');
  assert.equal(await screen.page.evaluate(() => (window as { unloaded?: boolean }).unloaded), false);
  await screen.close();
});

test('a server that stands still is seen within five seconds, and so is its return', async () => {
  const screen = await Screen.open(browser, server, '/console');
  // A PC whose clock is ten minutes ahead.
  await screen.page.addInitScript('{ const now = Date.now.bind(Date); Date.now = () => now() + 600_000; }');
  await screen.page.reload();
  await screen.page.click('[data-test=lang]');
  await screen.logIn('dispatch');
  await screen.live();
  const cover = screen.page.locator('[data-test=cover]');

  const frozen_ms = Date.now();
  server.freeze();
  try {
    await cover.waitFor({ timeout: HALT_MS });
    assert.ok(Date.now() - frozen_ms < HALT_MS);
    assert.match(await cover.innerText(), /NOT UP TO DATE\s+Since \d\d:\d\d:\d\d WITA, for 0:0\d\./);
    const since = /Since (\d\d:\d\d:\d\d)/.exec(await cover.innerText())![1]!;
    const wita = new Date(frozen_ms + 8 * 3_600_000).toISOString();
    const apart_ms = Math.abs(Date.parse(`${wita.slice(0, 11)}${since}Z`) - Date.parse(wita));
    assert.ok(Math.min(apart_ms, 86_400_000 - apart_ms) < HALT_MS, `${since} is the city's time, not that of the PC`);
    assert.equal((await screen.known()).feed.is, 'stale');
    await screen.isAccessible();
    await screen.shot('cover');
    // Given up after three heartbeats: from here on it tries to come back.
    await screen.until('the socket to be given up', ({ feed }) => feed.is === 'reconnecting');
    assert.match(await cover.innerText(), /reconnecting/);
  } finally {
    server.thaw();
  }
  await cover.waitFor({ state: 'detached' });
  await screen.live();
  assert.equal(await screen.text('feed'), 'Live');
  await screen.close();
});

test('a login outlives a reload and its access token, and ends with its refresh token', async () => {
  const screen = await Screen.open(browser, server, '/console');
  await screen.logIn('dispatch');
  await screen.live();
  const spoil = (...names: string[]) => screen.page.evaluate((spoilt) => {
    const kept = JSON.parse(localStorage.getItem('sigap.session.desk')!);
    for (const name of spoilt) kept[name] = kept[name].slice(0, -4) + 'AAAA';
    localStorage.setItem('sigap.session.desk', JSON.stringify(kept));
  }, names);
  await spoil('access');
  await screen.page.reload();
  await screen.live();
  // A refresh that is done, and whose answer is lost twice on the way: the login goes on.
  let lost = 0;
  await screen.page.route('**/auth/refresh', async (route) => {
    if (lost === 2) return route.continue();
    assert.equal((await route.fetch()).status(), 200);
    lost++;
    return route.abort();
  });
  await spoil('access');
  await screen.page.reload();
  await screen.until('two answers to be lost', () => lost === 2);
  await screen.live();
  screen.faults.splice(0, Infinity, ...screen.faults.filter((fault) => !/ERR_FAILED/.test(fault)));
  await spoil('access', 'refresh');
  await screen.page.reload();
  await screen.page.locator('input[name=login]').waitFor();
  assert.equal(await screen.page.evaluate(() => localStorage.getItem('sigap.session.desk')), null);
  await screen.close();
});

test('the newer window of one tab has the feed, and the older one says so', async () => {
  const older = await Screen.open(browser, server, '/board');
  await older.logIn('commander');
  await older.live();
  // A tab that is duplicated takes the device's name with it.
  const device = await older.page.evaluate(() => sessionStorage.getItem('sigap.device'));
  const newer = await older.page.context().newPage();
  await newer.addInitScript((name) => sessionStorage.setItem('sigap.device', name!), device);
  await newer.goto('/board');
  await older.until('the feed to be closed', ({ feed }) => feed.is === 'closed' && feed.reason === 'replaced');
  assert.match(await older.text('cover'), /Layar ini dibuka di jendela lain/);
  await older.isAccessible();
  await older.page.getByRole('button', { name: 'Lanjutkan di sini' }).click();
  await older.live();
  await older.page.locator('[data-test=cover]').waitFor({ state: 'detached' });
  await older.close();
});

test('who has no role for a screen is shown the way to their own', async () => {
  const screen = await Screen.open(browser, server, '/unit', { viewport: { width: 390, height: 844 } });
  await screen.logIn('commander');
  const link = screen.page.getByRole('link', { name: 'Papan pimpinan' });
  await link.waitFor();
  await screen.isAccessible();
  await screen.page.click('button.primary');
  await screen.logIn('bpn-m1');
  await screen.live();
  await screen.page.getByText('Anda belum masuk ke unit mana pun.').waitFor();
  await screen.isAccessible();
  await screen.shot('unit');
  await screen.page.click('[data-test=logout]');
  await screen.page.locator('input[name=login]').waitFor();
  await screen.page.goto('/');
  await screen.isAccessible();
  await screen.shot('start');
  await screen.close();
});
