// Screenshots of the tests: all of them in web/shots to be looked at, or a few in docs/screens for the papers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { decode, encode } from './palette.ts';

const ROOT = new URL('../../../', import.meta.url).pathname;

/** What the papers show: names that tests give to `Screen.shot`. */
const SHOWN = new Set([
  'console-ringing', 'console-call', 'console-incident', 'console-lost', 'console-light',
  'unit-offer', 'unit-en-route', 'unit-tunnel',
  'board', 'board-wall',
]);

/** `SIGAP_SHOTS=1` keeps every picture in web/shots, `SIGAP_SHOTS=docs` those of the papers in docs/screens, small. */
export async function keepShot(page: Page, name: string): Promise<void> {
  const wish = process.env.SIGAP_SHOTS;
  if (wish === '1') {
    mkdirSync(join(ROOT, 'web/shots'), { recursive: true });
    await page.screenshot({ path: join(ROOT, 'web/shots', `${name}.png`) });
  } else if (wish === 'docs' && SHOWN.has(name)) {
    mkdirSync(join(ROOT, 'docs/screens'), { recursive: true });
    writeFileSync(join(ROOT, 'docs/screens', `${name}.png`), encode(decode(await page.screenshot())));
  }
}
