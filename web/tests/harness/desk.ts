// Somebody at a desk: a console that is logged in, live, and sitting there.
import type { Browser } from 'playwright-core';
import { Screen } from './browser.ts';
import type { Server } from './server.ts';

const SIZE = { viewport: { width: 1366, height: 768 } };

export async function atDesk(browser: Browser, server: Server, { login = 'dispatch', desk = 'BPN.SPKT', path = '/console' } = {}): Promise<Screen> {
  const screen = await Screen.open(browser, server, path, SIZE);
  await screen.logIn(login);
  await screen.live();
  const sits = await screen.until('the desks', async ({ desk: now }) => {
    if (now?.seat) return 'sits';
    return (await screen.page.locator('[data-test=sit]:enabled').count()) === 1 ? 'stands' : null;
  });
  if (sits === 'stands') await screen.page.click('[data-test=sit]');
  await screen.until('the seat', ({ desk: now }) => now.seat === desk);
  return screen;
}

/** Chooses a row of the queue. */
export async function choose(screen: Screen, id: string): Promise<void> {
  await screen.page.click(`.queue li[data-id="${id}"] [data-row]`);
  await screen.until('it to be chosen', ({ desk }) => desk.chosen?.id === id);
}

/** Gives an order on the command line. */
export async function type(screen: Screen, text: string): Promise<void> {
  await screen.page.keyboard.press('/');
  await screen.page.keyboard.type(text);
  await screen.page.keyboard.press('Enter');
  await screen.page.locator('[data-test=line]').waitFor({ state: 'detached' });
}

/** Chooses one of several and confirms it, by the `data-test` of the choice. */
export async function pick(screen: Screen, test: string, choice: string): Promise<void> {
  await screen.page.selectOption(`[data-test=${test}] select`, choice);
  await screen.page.click(`[data-test=${test}] button`);
}
