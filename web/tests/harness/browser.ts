// One browser, and pages that fail the test when something goes wrong in them.
import assert from 'node:assert/strict';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import axe from 'axe-core';
import { PASSWORD, type Server } from './server.ts';
import { keepShot } from './shots.ts';
import { until } from './until.ts';

/** Software rendering, as on a PC without a GPU; no sandbox where root runs the tests. Pages may sound unless `autoplay` says otherwise. */
export function openBrowser(autoplay = '--autoplay-policy=no-user-gesture-required'): Promise<Browser> {
  const args = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', autoplay];
  return chromium.launch({
    executablePath: process.env.SIGAP_CHROMIUM ?? '/usr/bin/chromium',
    headless: process.env.SIGAP_HEADED !== '1',
    chromiumSandbox: process.getuid?.() !== 0,
    args,
  });
}

/** What the page says of itself (`window.__sigap`). */
export type Known = Record<string, any>;

export class Screen {
  readonly page: Page;
  /** What went wrong in the page: errors that nobody caught, and what its policy forbade. */
  readonly faults: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      // A server that is away shows in the console as well; that is what some tests do.
      if (message.type() === 'error' && !/Failed to load resource|WebSocket|ERR_CONNECTION/.test(message.text())) {
        this.faults.push(message.text());
      }
    });
  }

  /** Opens a page in a browser profile of its own: a login, a language and a device of its own. */
  static async open(browser: Browser, server: Server, path: string, options: BrowserContextOptions = {}): Promise<Screen> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: server.url, ...options });
    const screen = new Screen(await context.newPage());
    await screen.page.goto(path);
    return screen;
  }

  async logIn(login: string, password: string = PASSWORD): Promise<void> {
    await this.page.fill('input[name=login]', login);
    await this.page.fill('input[name=password]', password);
    await this.page.click('button.primary');
  }

  known(): Promise<Known> {
    return this.page.evaluate(() => (window as unknown as { __sigap: Known }).__sigap);
  }

  /** Waits until the page knows something, and gives it. */
  until<T>(what: string, look: (known: Known) => T, most_ms?: number): Promise<NonNullable<T>> {
    return until(what, async () => look(await this.known()), most_ms);
  }

  live(): Promise<unknown> {
    return this.until('the feed to be live', ({ feed }) => feed?.is === 'live');
  }

  /** The text of what a test looks at, by `data-test`. */
  text(test: string): Promise<string> {
    return this.page.locator(`[data-test=${test}]`).innerText();
  }

  /** Nothing that keeps somebody from using the page as it is now, dark or light: nothing serious, nothing critical. */
  async isAccessible(): Promise<void> {
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } };
      const html = document.documentElement;
      const theme = html.dataset.theme;
      const all = [];
      // A page without a switch has one display.
      for (const shown of theme === undefined ? [undefined] : ['dark', 'light']) {
        if (shown) html.dataset.theme = shown;
        const { violations } = await axe.run();
        all.push(...violations.map(({ id, impact, nodes }) => ({ shown, id, impact, at: nodes.map((node) => node.html) })));
      }
      if (theme) html.dataset.theme = theme;
      return all;
    });
    const bad = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    assert.deepEqual(bad, [], `${this.page.url()} cannot be used by everybody`);
  }

  /** Keeps a picture, where SIGAP_SHOTS asks for it. */
  async shot(name: string, page = this.page): Promise<void> {
    await keepShot(page, name);
  }

  async close(): Promise<void> {
    await this.page.context().close();
    assert.deepEqual(this.faults, [], 'something went wrong in the page');
  }
}
