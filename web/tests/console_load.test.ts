// A whole city on the move: 2,000 units, each at another place each second. The server's frames are widened on their way
// to the page, so that what is measured is the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { openBrowser, Screen } from './harness/browser.ts';
import { Server } from './harness/server.ts';
import { CENTRE } from './harness/town.ts';

let server: Server;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([Server.start({ units: [] }), openBrowser()]);
});

let timer: ReturnType<typeof setInterval> | undefined;

after(async () => {
  clearInterval(timer);
  await browser?.close();
  await server?.remove();
});

const UNITS = 2_000;
const FPS_LEAST = 20;
const LATENCY_MS_MOST = 100;
/** What the page's own thread may work for one frame, milliseconds of the processor: 20 frames fit into a second. */
const WORK_MS_MOST = 1_000 / FPS_LEAST;

const names = Array.from({ length: UNITS }, (_, i) => `BPN-U${i + 1}`);

function widened(text: string): string {
  const frame = JSON.parse(text);
  if (frame.type !== 'reset' || !frame.desk) return text;
  frame.desk.units.push(...names.map((id) => ({ id, kind: 'car', duty: 'on_duty', since: Date.now(), dispatch: null, last: null })));
  return JSON.stringify(frame);
}

function positions(step: number): string {
  const units = names.map((unit, i) => ({
    unit, availability: 'free', at: Date.now(), heading_deg: (i * 7 + step * 5) % 360, speed_mps: 8,
    place: { lat: CENTRE.lat + 0.08 * Math.sin(i * 12.9 + step / 40), lng: CENTRE.lng + 0.08 * Math.cos(i * 78.2 + step / 40) },
  }));
  return JSON.stringify({ type: 'positions', area: 'BPN', units });
}

test('2,000 units at 1 Hz: the map stays smooth while it is moved, and keys are answered at once', async () => {
  const screen = await Screen.open(browser, server, '/console', { viewport: { width: 1366, height: 768 } });
  const { page } = screen;
  await page.routeWebSocket(/\/ws/, (socket) => {
    const upstream = socket.connectToServer();
    upstream.onMessage((message) => socket.send(typeof message === 'string' ? widened(message) : message));
    let step = 0;
    timer = setInterval(() => socket.send(positions(++step)), 1_000);
    socket.onClose(() => clearInterval(timer));
  });
  await screen.logIn('dispatch');
  await screen.until('2,000 units', ({ map }) => map?.units === UNITS);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked_s = async () => (await cdp.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value;
  const before_s = await worked_s();
  const measured = await page.evaluate(async () => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-test=map]')!;
    const latencies: number[] = [];
    const begun = performance.now();
    let frames = 0;
    let longest = 0;
    let last = await new Promise<number>((done) => requestAnimationFrame(done));
    while (performance.now() - begun < 6_000) {
      // The map is moved in each frame, and the shortcuts are opened or closed in every tenth.
      canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: frames % 2 ? 4 : -4, bubbles: true, cancelable: true }));
      if (frames % 10 === 0) {
        const at = performance.now();
        const open = document.querySelector('[data-test=dialog]') === null;
        dispatchEvent(new KeyboardEvent('keydown', { key: open ? '?' : 'Escape', bubbles: true }));
        while ((document.querySelector('[data-test=dialog]') !== null) !== open) await new Promise((next) => setTimeout(next, 0));
        latencies.push(performance.now() - at);
      }
      const now = await new Promise<number>((done) => requestAnimationFrame(done));
      longest = Math.max(longest, now - last);
      last = now;
      frames++;
    }
    const seconds = (performance.now() - begun) / 1_000;
    return { frames, fps: frames / seconds, longest, latencies: latencies.sort((a, b) => a - b) };
  });
  const work_ms = (((await worked_s()) - before_s) * 1_000) / measured.frames;
  console.log(`# the map is drawn in ${(await screen.known()).map.took_ms.toFixed(1)} ms`);
  const p95 = measured.latencies[Math.floor(measured.latencies.length * 0.95)]!;
  console.log(`# ${measured.fps.toFixed(1)} frames a second, longest ${measured.longest.toFixed(0)} ms, keys p95 ${p95.toFixed(0)} ms of ${measured.latencies.length}; ${work_ms.toFixed(1)} ms of the processor for a frame`);
  await page.keyboard.press('Escape');
  await screen.shot('console-load');
  assert.ok(work_ms < WORK_MS_MOST, `the page works ${work_ms} ms for a frame`);
  // The clock on the wall tells something of the page only where nobody else uses the processor: SIGAP_FIGURES=1 says so.
  if (process.env.SIGAP_FIGURES === '1') {
    assert.ok(measured.fps >= FPS_LEAST, `${measured.fps} frames a second`);
    assert.ok(p95 < LATENCY_MS_MOST, `a key took ${p95} ms`);
  }
  await screen.close();
});
