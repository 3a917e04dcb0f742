// The pages that need no login: the citizen's, and the start page that leads to the screens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { CENTRE } from './harness/town.ts';

let server: Server;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ units: ['M1'] }), openBrowser()]);
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

test("a citizen's page can be used by everybody, in both languages", async () => {
  const desk = new Person(server, 'dispatch');
  const said = { area: 'BPN', channel: 'whatsapp', kind: 'theft', priority: 'P2', valid: true, place: CENTRE };
  const { report } = await desk.post('/reports', said);
  const { token } = await desk.post(`/reports/${report.id}/link`);
  for (const [lang, word] of [['id', /Laporan|polisi/i], ['en', /report|police/i]] as const) {
    const phone = await Screen.open(browser, server, `/t/${token}?lang=${lang}`, { viewport: { width: 390, height: 844 } });
    assert.equal(await phone.page.locator('html').getAttribute('lang'), lang);
    assert.match(await phone.page.locator('body').innerText(), word);
    await phone.isAccessible();
    await phone.shot(`citizen-${lang}`);
    await phone.close();
  }
});

test('the start page leads to the screens', async () => {
  const screen = await Screen.open(browser, server, '/');
  for (const path of ['/console', '/board', '/unit']) await screen.page.locator(`a[href="${path}"]`).first().waitFor();
  await screen.isAccessible();
  await screen.close();
});
