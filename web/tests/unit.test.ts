// The officer's app on a phone with emulated geolocation, against the real server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { Gps, HERE, METRE, north, PHONE } from './harness/phone.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { until } from './harness/until.ts';

let server: Server;
let browser: Browser;
let desk: Person;

const at = ({ latitude, longitude }: typeof HERE) => ({ lat: latitude, lng: longitude });

before(async () => {
  [server, browser] = await Promise.all([Server.start(), openBrowser()]);
  desk = new Person(server, 'dispatch');
});

after(async () => {
  await browser?.close();
  await server?.remove();
});

/** An officer's phone, signed on. */
async function phone(sign: string): Promise<{ screen: Screen; gps: Gps }> {
  const screen = await Screen.open(browser, server, '/unit', { ...PHONE, geolocation: HERE });
  const gps = new Gps(screen);
  await screen.logIn(`bpn-${sign.toLowerCase()}`);
  await signOn(screen, sign);
  await until('the position at the server', async () => (await unitOf(sign)).fix);
  return { screen, gps };
}

async function signOn(screen: Screen, sign: string): Promise<void> {
  await screen.page.getByRole('radio', { name: `BPN-${sign}` }).check();
  await screen.page.click('[data-test=sign-on]');
  await screen.until('the server to know the crew', ({ unit }) => unit.riding?.unit === `BPN-${sign}` && unit.up);
}

const unitOf = (sign: string) => desk.get(`/units/BPN-${sign}`);
/** What the journal holds of a dispatch, in order. */
async function story(dispatch: string): Promise<any[]> {
  const { events } = await desk.get('/areas/BPN/journal?limit=1000');
  return events.filter((event: any) => event.body.dispatch === dispatch && event.kind !== 'dispatch.updated');
}

/** A valid report so far north: its incident. The nearest free unit is asked. */
async function report(metres: number, kind = 'theft'): Promise<string> {
  const said = { channel: 'call', kind, place: at(north(metres)), valid: true, text: 'Motor hitam, lari ke arah pasar.' };
  return (await desk.post('/reports', said)).incident.id;
}

/** Drives there, and waits until the server has seen it. */
async function drive(gps: Gps, sign: string, metres: number): Promise<void> {
  gps.move(metres);
  await until('the move at the server', async () => {
    const { fix } = await unitOf(sign);
    return fix && Math.abs(fix.place.lat - north(metres).latitude) < 2 * METRE;
  });
}

test('a phone signs on, and the server knows where it is', async () => {
  const screen = await Screen.open(browser, server, '/unit', { ...PHONE, geolocation: HERE });
  await screen.logIn('bpn-m1');
  await screen.page.getByRole('radio', { name: 'BPN-M1' }).waitFor();
  await screen.isAccessible();
  await screen.shot('unit-sign-on');
  await signOn(screen, 'M1');
  const fix = await until('the position at the server', async () => (await unitOf('M1')).fix);
  assert.ok(Math.abs(fix.place.lat - HERE.latitude) < 1e-6 && Math.abs(fix.place.lng - HERE.longitude) < 1e-6);
  await screen.until('the tracking to be well', ({ unit }) => unit.health.is === 'good');
  assert.match(await screen.text('health'), /^Terakhir terkirim \d+ dtk lalu, ketelitian 12 m$/);
  await screen.isAccessible();
  await screen.shot('unit-idle');
  await screen.page.click('[data-test=menu]');
  await screen.isAccessible();
  await screen.shot('unit-menu');
  await screen.page.click('dialog [data-test=lang]');
  await screen.page.click('[data-test=close]');
  assert.match(await screen.text('health'), /^Last sent \d+ s ago, accuracy 12 m$/);
  // A GPS that jumps is not believed, and the crew is told; where it stays there, it is.
  const gps = new Gps(screen);
  gps.move(9_000);
  const told = await screen.until('the refusal to be told', async ({ unit }) => (unit.health.is === 'refused' ? screen.text('health') : null));
  assert.match(told!, /^The server refuses the position/);
  await screen.until('the new place to be believed', ({ unit }) => unit.health.is === 'good');
  gps.stop();
  await leave(screen);
  assert.equal((await unitOf('M1')).duty, 'off_duty');
});

test('an offer is rung, acknowledged, accepted, driven to, reached and cleared', async () => {
  const { screen, gps } = await phone('M2');
  const incident = await report(400);
  const offer = screen.page.locator('[data-test=offer]');
  await offer.waitFor();
  assert.match(await screen.text('left'), /^1[0-5]$/);
  const { dispatch } = await screen.until('the offer', ({ unit }) => (unit.status === 'offered' ? unit : null));
  await until('the acknowledgement', async () => (await desk.get(`/dispatches/${dispatch}`)).delivered);
  assert.match(await screen.text('scene'), /P2\s+Pencurian[^]+Motor hitam/);
  await screen.isAccessible();
  await screen.page.locator('[data-test=accept]:enabled').waitFor();
  await screen.shot('unit-offer');
  // Twice, as thumbs do: the second tap falls on what has come there by then.
  await tapTwice(screen, '[data-test=accept]');
  await until('the server to have it', async () => (await desk.get(`/dispatches/${dispatch}`)).status === 'accepted');
  await tapTwice(screen, '[data-test=step-en_route]:enabled');
  await until('the server to have it', async () => (await desk.get(`/dispatches/${dispatch}`)).status === 'en_route');
  assert.deepEqual((await screen.known()).unit.taps, [], 'nothing else was tapped');
  assert.equal(await screen.text('status'), 'MENUJU LOKASI');
  assert.match((await screen.page.locator('[data-test=navigate]').getAttribute('href'))!, /^geo:-1\.26\d+,116\.838500\?q=/);

  await screen.page.click('.notes summary');
  await screen.page.fill('[data-test=note]', 'Lewat jalan belakang');
  await screen.page.click('[data-test=send-note]');
  await until('the note', async () => (await desk.get(`/incidents/${incident}`)).notes.some((note: any) => note.text === 'Lewat jalan belakang'));
  await screen.page.getByText('Lewat jalan belakang').first().waitFor();
  await screen.page.click('.notes summary');

  // More work, behind this one.
  const behind = await report(3_000, 'traffic_accident');
  await desk.post(`/incidents/${behind}/dispatches`, { unit: 'BPN-M2', mode: 'queue' });
  await screen.page.locator('[data-test=queued]').waitFor();
  assert.match(await screen.text('queued'), /P2 Kecelakaan lalu lintas/);
  await screen.isAccessible();
  await screen.page.locator('[data-test=step-on_scene]:enabled').waitFor();
  await screen.shot('unit-en-route');

  await drive(gps, 'M2', 320);
  await screen.page.click('[data-test=step-on_scene]');
  await screen.page.locator('[data-test=arrival]').waitFor();
  assert.match(await screen.text('arrival'), /^Kedatangan tercatat \d\d m dari lokasi\.$/);
  assert.equal((await desk.get(`/dispatches/${dispatch}`)).arrival.verified, true);
  await screen.isAccessible();
  await screen.shot('unit-on-scene');
  await screen.page.click('[data-test=step-cleared]');
  await screen.shot('unit-clear');
  await screen.isAccessible();
  await screen.page.click('[data-test=clear-handled]');
  await until('the incident to be closed', async () => (await desk.get(`/incidents/${incident}`)).incident.disposition === 'handled');
  const kinds = (await story(dispatch)).map((event) => event.kind.slice('dispatch.'.length));
  assert.deepEqual(kinds, ['offered', 'delivered', 'accepted', 'en_route', 'on_scene', 'cleared']);

  // What waited is asked for now; declined with a reason.
  await offer.waitFor();
  await screen.page.click('[data-test=decline]');
  await screen.isAccessible();
  await screen.shot('unit-decline');
  const next = (await screen.known()).unit.dispatch;
  await screen.page.getByRole('button', { name: 'Kendaraan rusak' }).click();
  await screen.until('no work', ({ unit }) => unit.status === null && unit.taps.length === 0);
  assert.equal((await desk.get(`/dispatches/${next}`)).reason, 'Kendaraan rusak');
  await desk.post(`/incidents/${behind}/close`, { disposition: 'handled' });
  await leave(screen, gps);
});

test('what is tapped in a tunnel arrives once, with the time of the tap, and the way is filled in', async () => {
  const { screen, gps } = await phone('C1');
  const incident = await report(400);
  const { dispatch } = await screen.until('the offer', ({ unit }) => (unit.status === 'offered' ? unit : null));
  await screen.page.click('[data-test=accept]');
  await until('the server to have it', async () => (await desk.get(`/dispatches/${dispatch}`)).status === 'accepted');

  await screen.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await server.kill();
  await screen.until('the line to be gone', ({ unit }) => !unit.up);
  const from_ms = Date.now();
  await screen.page.click('[data-test=step-en_route]');
  gps.move(30);
  await screen.page.click('[data-test=step-on_scene]');
  const to_ms = Date.now();
  const kept = await screen.until('fixes to be kept', ({ unit }) => (unit.seen.waiting >= 2 ? unit : null));
  assert.deepEqual([kept.status, kept.taps.length], ['on_scene', 2], 'the crew sees its own taps at once');
  assert.match(await screen.text('health'), /^Tidak ada sinyal, sudah 0:\d\d\. \d+ posisi disimpan/);
  assert.match(await screen.text('unsent'), /2 ketukan/);
  await screen.isAccessible();
  await screen.shot('unit-tunnel');

  // The phone restarts the app in the tunnel: nothing is lost.
  await screen.page.reload();
  const again = await screen.until('the app to open without a server', ({ unit }) => (unit?.taps.length === 2 ? unit : null));
  assert.deepEqual([again.status, again.riding.unit], ['on_scene', 'BPN-C1']);

  await server.serve();
  await screen.until('all to be sent', ({ unit }) => unit.up && unit.taps.length === 0 && unit.seen.waiting === 0);
  const told = (await story(dispatch)).filter((event) => ['dispatch.en_route', 'dispatch.on_scene'].includes(event.kind));
  assert.deepEqual(told.map((event) => event.kind), ['dispatch.en_route', 'dispatch.on_scene']);
  for (const event of told) assert.ok(event.device_at >= from_ms && event.device_at <= to_ms, 'the device time of the tap');
  assert.equal(new Set(told.map((event) => event.command)).size, 2);
  // A clean end writes what is known of the way.
  await server.terminate();
  await server.serve();
  const { points } = await desk.get(`/units/BPN-C1/track?from=${from_ms}`);
  assert.ok(points.filter((point: any) => point.history).length >= kept.seen.waiting - 1, 'the way through the tunnel');
  assert.equal(new Set(points.map((point: any) => point.at)).size, points.length, 'each fix once');

  await screen.until('the line to be back', ({ unit }) => unit.up);
  await screen.page.click('[data-test=step-cleared]');
  await screen.page.click('[data-test=clear-nothing_found]');
  await until('the incident to be closed', async () => (await desk.get(`/incidents/${incident}`)).incident.status === 'closed');
  await leave(screen, gps);
});

test('the panic button is held for two seconds, and helpers are asked', async () => {
  const { screen, gps } = await phone('M1');
  const key = screen.page.locator('[data-test=panic]');
  const box = (await key.boundingBox())!;
  await screen.page.mouse.move(box.x + 40, box.y + 20);
  await screen.page.mouse.down();
  await screen.page.getByText('Tahan terus …').waitFor();
  await screen.page.mouse.up();
  await screen.page.getByText('DARURAT: tahan 2 detik').waitFor();
  assert.deepEqual((await screen.known()).unit.taps, [], 'a short press is nothing');

  await screen.page.mouse.down();
  const notice = screen.page.locator('[data-test=notice][data-is=helped]');
  await notice.waitFor();
  await screen.page.mouse.up();
  assert.match(await notice.innerText(), /DARURAT TERKIRIM\. Kejadian BPN-\d+/);
  const panics = (await desk.get('/areas/BPN/incidents')).filter((incident: any) => incident.origin === 'panic');
  assert.deepEqual(panics.map((incident: any) => [incident.priority, incident.opened_by_unit]), [['P1', 'BPN-M1']]);
  assert.ok(Math.abs(panics[0].place.lat - HERE.latitude) < 2 * METRE);
  await screen.isAccessible();
  await screen.shot('unit-panic');
  await screen.page.click('[data-test=menu]');
  await screen.page.click('dialog [data-test=theme]');
  await screen.page.click('dialog [data-test=lang]');
  await screen.page.click('[data-test=close]');
  assert.match(await notice.innerText(), /EMERGENCY SENT\. Incident BPN-\d+/);
  await screen.isAccessible();
  await screen.shot('unit-light');
  await desk.post(`/incidents/${panics[0].id}/close`, { disposition: 'handled' });
  await leave(screen, gps);
});

test('a phone that may not tell its position says so, and the second phone of a crew takes it over', async () => {
  const first = await Screen.open(browser, server, '/unit', { ...PHONE, permissions: [] });
  await first.logIn('bpn-m1');
  await signOn(first, 'M1');
  await first.until('the refusal to be told', ({ unit }) => unit.health.is === 'denied');
  assert.match(await first.text('health'), /^Izin lokasi ditolak\./);
  await first.isAccessible();

  const second = await Screen.open(browser, server, '/unit', { ...PHONE, geolocation: HERE });
  await second.logIn('bpn-m2');
  await second.page.getByRole('radio', { name: 'BPN-M1' }).check();
  await second.page.getByRole('checkbox').uncheck();
  await second.page.click('[data-test=sign-on]');
  await second.until('the crew', ({ unit }) => unit.riding?.unit === 'BPN-M1' && unit.riding.source === false);
  assert.match(await second.text('health'), /^Posisi unit dikirim HP lain\./);
  await second.isAccessible();
  await second.page.getByRole('button', { name: 'Kirim dari HP ini' }).click();
  // The unit has a place from before: it is this phone's that is waited for.
  await second.until('the second phone to tell', ({ unit }) => unit.riding.source && unit.seen.sent_ms !== null);
  await until('the position at the server', async () => Math.abs((await unitOf('M1')).fix.place.lat - HERE.latitude) < 1e-6);
  await first.until('the first phone to rest', ({ unit }) => unit.riding.source === false && !unit.seen.is_source);

  // The browser is told that there is no network: nothing is sent into it, and all is sent afterwards.
  await second.page.context().setOffline(true);
  await second.until('the line to be gone', ({ unit }) => !unit.up);
  await second.page.context().setGeolocation(north(5));
  await second.until('the fix to be kept', ({ unit }) => unit.seen.waiting > 0);
  await second.page.context().setOffline(false);
  await second.until('all to be sent', ({ unit }) => unit.up && unit.seen.waiting === 0);
  await until('the newest position', async () => Math.abs((await unitOf('M1')).fix.place.lat - north(5).latitude) < 1e-6);
  await leave(second);

  await leave(first);
});

async function tapTwice(screen: Screen, button: string): Promise<void> {
  const key = screen.page.locator(button);
  await key.waitFor();
  await key.click({ trial: true });
  const { x, y, width, height } = (await key.boundingBox())!;
  for (let i = 0; i < 2; i++) await screen.page.touchscreen.tap(x + width / 2, y + height / 2);
}

/** Signs off, so that the next test's unit is the only one. */
async function leave(screen: Screen, gps?: Gps): Promise<void> {
  await screen.page.click('[data-test=menu]');
  await screen.page.click('[data-test=sign-off]');
  await screen.page.click('[data-test=sign-off]');
  await screen.until('the unit to be left', ({ unit }) => unit.riding === null);
  gps?.stop();
  await screen.close();
}
