// What every screen begins with: log in, connect, a bar with the feed's state, and the screen's own part below.
//
//   openScreen({ name: 'console', roles: SCREENS.console, covers: true, render: (work) => <Console work={work} /> });
import { signal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import { render, type ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { components } from '../gen/api.ts';
import { Api } from './api.ts';
import { pause } from './backoff.ts';
import { tick } from './clock.ts';
import { readDistrictsBy } from './districts.ts';
import { Feed } from './feed.ts';
import { FeedBadge, FeedCover, HaltCover, type Halt } from './feed_state.tsx';
import { clock, type Zone } from './format.ts';
import { expose } from './hook.ts';
import { lang } from './i18n.ts';
import { deviceId } from './ids.ts';
import { Login } from './login.tsx';
import { isPassing } from './problem.ts';
import { Session, type Role } from './session.ts';
import { theme } from './theme.ts';
import { LangSwitch, ThemeSwitch } from './ui.tsx';
import { say } from './words.ts';

export type Area = components['schemas']['Area'];

/** What a screen works with, from a login to its end. */
export interface Work {
  api: Api;
  feed: Feed;
  session: Session;
  /** The areas that this account sees, in code order; empty until they are read. */
  areas: ReadonlySignal<Area[]>;
}

export type ScreenName = 'console' | 'board' | 'unit';

export interface Screen {
  name: ScreenName;
  /** Who may work with it: one of these, anywhere. */
  roles: readonly Role[];
  /** Cover everything when the feed is lost. Not in the officer's app, which works on without a network. */
  covers: boolean;
  /** Set where what this screen shows stands still for a reason of its own: it is covered then, too. */
  halted?: ReadonlySignal<Halt | null>;
  /** The screen's own part, once somebody is logged in. */
  render: (work: Work) => ComponentChildren;
}

/** Which roles a screen is for; also where an account is shown the way to its own. */
export const SCREENS: Record<ScreenName, readonly Role[]> = {
  console: ['operator', 'dispatcher', 'commander', 'admin'],
  board: ['commander', 'dispatcher', 'operator', 'admin'],
  unit: ['officer'],
};

/** Draws a screen into the page. */
export function openScreen(screen: Screen): void {
  const session = new Session(screen.name === 'unit' ? 'unit' : 'desk');
  expose('screen', () => ({ name: screen.name, lang: lang.value, theme: theme.value }));
  expose('login', () => session.login.value?.name ?? null);
  const root = document.getElementById('screen');
  if (root) render(<Door screen={screen} session={session} />, root);
}

function Door({ screen, session }: { screen: Screen; session: Session }) {
  const title = say(`app.${screen.name}`);
  useSignalEffect(() => {
    document.title = `${say(`app.${screen.name}`)} · Sigap`;
  });
  const login = session.login.value;
  if (!login) return <Login session={session} title={title} />;
  if (!session.hasRole(screen.roles)) return <WrongRole session={session} name={login.name} />;
  return <Inside key={login.account} screen={screen} session={session} title={title} />;
}

function WrongRole({ session, name }: { session: Session; name: string }) {
  const others = (Object.keys(SCREENS) as ScreenName[]).filter((screen) => session.hasRole(SCREENS[screen]));
  return (
    <main class="door">
      <h1><b>SIGAP</b></h1>
      <div class="panel">
        <p>{say('role.none', { name })}</p>
        {others.length > 0 && <p>{say('role.other')}</p>}
        {others.map((screen) => <a key={screen} href={`/${screen}`}>{say(`app.${screen}`)}</a>)}
        <button type="button" class="primary" onClick={() => session.logOut()}>{say('login.out')}</button>
      </div>
    </main>
  );
}

function Inside({ screen, session, title }: { screen: Screen; session: Session; title: string }) {
  const work = useMemo(() => begin(screen, session), []);
  useEffect(() => {
    work.feed.start();
    return () => work.feed.stop();
  }, []);
  const zone: Zone = work.areas.value.find((area) => area.level === 'city')?.zone ?? 'WITA';
  const lost = screen.covers && work.feed.lostSince.value !== null;
  const halt = lost ? null : (screen.halted?.value ?? null);
  return (
    <>
      <div class="inside" inert={lost || halt !== null}>
        <Bar work={work} title={title} zone={zone} />
        {screen.render(work)}
      </div>
      {halt && <HaltCover halt={halt} zone={zone} />}
      {lost && <FeedCover feed={work.feed} late={work.api.late.value} zone={zone} onLogOut={() => session.logOut()} />}
    </>
  );
}

function Bar({ work, title, zone }: { work: Work; title: string; zone: Zone }) {
  const { feed, session } = work;
  const login = session.login.value;
  const roles = new Set(login?.grants.map((grant) => `${say(`role.${grant.role}`)} ${grant.area}`));
  return (
    <header class="bar">
      <h1><b>SIGAP</b> · {title}</h1>
      <FeedBadge feed={feed} first={feed.opened.value === 0} />
      <span class="gap" />
      <time class="figures">{clock(tick.value, zone)} {zone}</time>
      <span class="who">{login?.name} · {[...roles].join(', ')}</span>
      <LangSwitch />
      <ThemeSwitch />
      <button type="button" data-test="logout" onClick={() => session.logOut()}>{say('login.out')}</button>
    </header>
  );
}

function begin(screen: Screen, session: Session): Work {
  const api = new Api(session);
  const is_phone = screen.name === 'unit';
  const device = deviceId(is_phone ? 'browser' : 'tab');
  const feed = new Feed({ api, device, longest_pause_ms: is_phone ? 20_000 : 4_000 });
  readDistrictsBy(api);
  const areas = signal<Area[]>([]);
  void readAreas(api, (read) => (areas.value = read));
  expose('feed', () => ({ ...feed.state.value, lostSince: feed.lostSince.value, opened: feed.opened.value }));
  return { api, feed, session, areas };
}

async function readAreas(api: Api, done: (areas: Area[]) => void): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return done(await api.get('/areas'));
    } catch (error) {
      // A login that has ended shows by itself.
      if (!isPassing(error)) return;
      await new Promise((next) => setTimeout(next, pause(tries, 5_000)));
    }
  }
}
