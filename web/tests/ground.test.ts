// The ground of the console's map: outlines of city and districts, and a basemap where operations name one.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { Person } from './harness/people.ts';
import { Server } from './harness/server.ts';
import { archive, TileServer, vectorTile } from './harness/tiles.ts';
import { CENTRE, Crew } from './harness/town.ts';

let browser: Browser;

before(async () => {
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
});

const SIZE = { viewport: { width: 1366, height: 768 } };

/** A console on a server with these settings, for as long as a test looks at it. */
async function at(path: string, env: Record<string, string>, look: (screen: Screen, server: Server) => Promise<void>): Promise<void> {
  const server = await Server.start({ units: ['M1'], env });
  try {
    const screen = await Screen.open(browser, server, path, SIZE);
    await screen.logIn('dispatch');
    await screen.live();
    await look(screen, server);
    await screen.close();
  } finally {
    await server.remove();
  }
}

const districts = JSON.stringify({
  type: 'FeatureCollection',
  features: [['64.71.05', 'Balikpapan Selatan', 116.84, 116.9], ['64.71.06', 'Balikpapan Kota', 116.78, 116.84]].map(([code, name, west, east]) => ({
    type: 'Feature', properties: { code, name },
    geometry: { type: 'Polygon', coordinates: [[[west, -1.29], [east, -1.29], [east, -1.2], [west, -1.2], [west, -1.29]]] },
  })),
});

test('without a basemap there are the coast, the outlines of the city and its districts, and nothing is asked of anybody else', async () => {
  await at('/console?map=canvas', {}, async (screen, server) => {
    const folder = mkdtempSync(join(tmpdir(), 'sigap-districts-'));
    writeFileSync(join(folder, 'districts.geojson'), districts);
    await server.run('area', 'import', join(folder, 'districts.geojson'));
    rmSync(folder, { recursive: true });
    // The server hears of what another process wrote within a second or two.
    const shapes = await screen.until('the districts', async (known) => {
      if (known.map?.outlines.length === 3) return known.map.outlines;
      await screen.page.reload();
      await screen.live();
      return null;
    });
    assert.deepEqual(shapes.map(({ kind, name }: { kind: string; name: string }) => [kind, name]), [
      ['district', 'Balikpapan Selatan'], ['district', 'Balikpapan Kota'], ['city', 'Kota Balikpapan'],
    ]);
    assert.ok(shapes.every(({ corners }: { corners: number }) => corners >= 5));
    await screen.until('land and sea', ({ map }) => map.tiles === null && map.coast >= 1);
    assert.equal(await screen.page.locator('[data-test=attribution]').count(), 0);
    await screen.shot('ground-outlines');
    // Another size empties a canvas: nobody sees it so, since it is filled before the browser paints.
    const filled = await screen.page.evaluate(() => new Promise((tell) => {
      const canvas = document.querySelector<HTMLCanvasElement>('[data-test=map]')!;
      const height = canvas.height;
      new ResizeObserver((_, watch) => {
        if (canvas.height === height) return;
        watch.disconnect();
        tell(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0));
      }).observe(canvas);
      canvas.style.height = `${canvas.clientHeight - 40}px`;
    }));
    assert.equal(filled, true);
    const policy = (await fetch(`${server.url}/console`)).headers.get('content-security-policy');
    assert.match(policy ?? '', /connect-src 'self';/);
    await named(screen, server);
  });
});

/** Where something happened is told by the district's name, whoever reads it. */
async function named(screen: Screen, server: Server): Promise<void> {
  const rung_at = Date.now() - 1_800_000;
  const said = { area: 'BPN', channel: 'call', kind: 'theft', priority: 'P2', valid: true, place: CENTRE, rung_at, answered_at: rung_at + 8_000 };
  const { incident, report } = await new Person(server, 'dispatch').post('/reports', said);
  assert.deepEqual([incident.district, report.district], ['64.71.05', '64.71.05'], 'what is told is the code');
  const { page } = screen;
  const row = page.locator(`li[data-id="${incident.id}"]`);
  await row.getByText('Balikpapan Selatan').waitFor();
  await row.locator('[data-row]').click();
  await page.locator(`[data-incident="${incident.id}"] header`).getByText('Balikpapan Selatan').waitFor();
  await page.locator(`[data-incident="${incident.id}"]`).getByRole('button', { name: report.id }).click();
  await page.locator(`[data-report="${report.id}"] header`).getByText('Balikpapan Selatan').waitFor();
  await screen.shot('ground-named');
  assert.doesNotMatch(await page.locator('body').innerText(), /64\.71/);
  await page.goto(`${server.url}/board`);
  await page.locator(`[data-test=late] [data-row="${incident.id}"]`).getByText(/^Balikpapan Selatan · /).waitFor();
}

for (const ground of ['canvas', 'gl'] as const) {
  test(`tiles of another server lie below the map (${ground}), and only that server is let in`, async () => {
    const tiles = await TileServer.start();
    const env = { SIGAP_BASEMAP_URL: `${tiles.url}/{z}/{x}/{y}.png`, SIGAP_BASEMAP_ATTRIBUTION: '© Peta Uji' };
    try {
      await at(`/console?map=${ground}`, env, async (screen, server) => {
        await screen.until('tiles', ({ map }) => map?.kind === ground && map.tiles?.drawn >= 4, 30_000);
        assert.ok(tiles.asked.some((path) => /^\/1[0-4]\/\d+\/\d+\.png$/.test(path)), tiles.asked.join());
        assert.equal(await screen.text('attribution'), '© Peta Uji');
        const policy = (await fetch(`${server.url}/console`)).headers.get('content-security-policy') ?? '';
        assert.ok(policy.includes(`connect-src 'self' ${tiles.url};`), policy);
        const elsewhere = await TileServer.start();
        const let_in = await screen.page.evaluate((url) => fetch(url).then(() => true, () => false), `${elsewhere.url}/1/0/0.png`);
        assert.deepEqual([let_in, elsewhere.asked], [false, []], 'nothing else is asked');
        await elsewhere.stop();
        screen.faults.splice(0, Infinity, ...screen.faults.filter((fault) => !/Content Security Policy/.test(fault)));
        // Beyond what is there, coarser tiles stand in, and the map goes on.
        await screen.page.focus('[data-test=map]');
        const came = (await screen.known()).map.tiles.came;
        await screen.page.keyboard.press('+');
        await screen.until('the next zoom', ({ map }) => map.tiles.came > came);
        await screen.shot(`ground-tiles-${ground}`);
      });
    } finally {
      await tiles.stop();
    }
  });

  test(`an archive of pictures, and one of vectors, lies below the map (${ground})`, async () => {
    for (const [name, bytes] of [['pictures', undefined], ['vectors', archive(vectorTile(), 1)]] as const) {
      const tiles = await TileServer.start(bytes);
      try {
        await at(`/console?map=${ground}`, { SIGAP_BASEMAP_URL: `${tiles.url}/town.pmtiles` }, async (screen) => {
          const map = await screen.until(name, (known) => (known.map?.kind === ground && known.map.tiles?.came >= 1 ? known.map : null), 30_000);
          assert.deepEqual([map.lost, map.tiles.failed], [false, 0]);
          await screen.shot(`ground-${name}-${ground}`);
        });
        assert.ok(tiles.asked.length >= 2 && tiles.asked.every((path) => path === '/town.pmtiles'), tiles.asked.join());
      } finally {
        await tiles.stop();
      }
    }
  });
}

test('who moves is told in some bytes, and is where it went', async () => {
  const server = await Server.start({ units: ['M1'] });
  const crew = await Crew.on(server, new Person(server, 'dispatch'), 'M1', 100);
  const screen = await Screen.open(browser, server, '/console?map=canvas', SIZE);
  const packed: Buffer[] = [];
  let texts = 0;
  screen.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => {
    if (typeof payload !== 'string') packed.push(payload);
    else texts += Number(payload.startsWith('{"type":"positions"'));
  }));
  await screen.logIn('dispatch');
  const at = (north_m: number) => screen.until(`the unit ${north_m} m north`, ({ desk }) =>
    desk?.units.find(({ id, lat }: { id: string; lat: number }) => id === 'BPN-M1' && Math.abs((lat - CENTRE.lat) * 111_195 - north_m) < 2));
  await at(100);
  await crew.at(140);
  const { stale } = await at(140);
  assert.deepEqual([stale, texts], [false, 0]);
  assert.ok(packed.length >= 2 && packed.at(-1)!.length < 30, `${packed.map(({ length }) => length)} bytes`);
  await screen.close();
  await server.remove();
});

test('a basemap that nobody serves leaves the map as it is without one', async () => {
  const tiles = await TileServer.start();
  const url = `${tiles.url}/town.pmtiles`;
  await tiles.stop();
  await at('/console?map=canvas', { SIGAP_BASEMAP_URL: url }, async (screen) => {
    await screen.until('to be told, and the outline', ({ map }) => map?.lost === true && map.outlines.length === 1);
    assert.equal((await screen.known()).map.tiles, null);
  });
});

test('a wrong address is refused at the start, with its reason', async () => {
  await assert.rejects(Server.start({ units: [], env: { SIGAP_BASEMAP_URL: 'https://{s}.tile.example.id/{z}/{x}/{y}.png' } }), /basemap_url.*its host/);
});
