// The officer's app below its bar: what the unit is doing on top, what is known in the middle, what a thumb reaches
// below.
import { useSignalEffect } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { tick } from '../shared/clock.ts';
import { expose } from '../shared/hook.ts';
import type { Work } from '../shared/screen.tsx';
import { say } from '../shared/words.ts';
import { Crew } from './crew.ts';
import { HealthLine, watchSleep } from './health_line.tsx';
import { healthOf } from './health.ts';
import { Current, Idle, Queued } from './job.tsx';
import { readKinds } from './kinds.ts';
import { MenuKey } from './menu.tsx';
import { Notices } from './notices.tsx';
import { Offer } from './offer.tsx';
import { PanicKey, PanicWaits } from './panic.tsx';
import { SignOn } from './sign_on.tsx';
import { wake } from '../shared/awake.ts';
import { audible } from './phone.ts';
import { t } from './words.ts';

/** An answer that takes longer is told, milliseconds. */
const SLOW_MS = 3_000;

export function Ride({ work }: { work: Work }) {
  const crew = useMemo(() => new Crew(work, work.session.login.peek()?.account ?? ''), []);
  useEffect(() => crew.start(), []);
  useEffect(() => watchSleep(crew.tracker), []);
  useEffect(() => void readKinds(work.api, crew.keep), []);
  useEffect(() => expose('unit', () => stateOf(crew)), []);
  // Who logs out leaves nothing of the work on the phone. What waits to be sent stays, under the account's name.
  useSignalEffect(() => {
    if (work.session.login.value === null) for (const name of ['riding', 'jobs']) crew.keep.write(name, null);
  });
  return (
    <main class="unit">
      <LineClosed work={work} />
      <PanicWaits crew={crew} />
      <Notices crew={crew} />
      {crew.riding.value ? <Riding crew={crew} unit={crew.riding.value.unit} /> : <SignOn crew={crew} />}
    </main>
  );
}

/** The shape differs as well as the colour: a ring, a bell, a tick, an arrow, a pin. */
const SHAPES = {
  free: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4a5 5 0 1 1 0 10 5 5 0 0 1 0-10z',
  offered: 'M12 2a7 7 0 0 1 7 7v6l2 3H3l2-3V9a7 7 0 0 1 7-7zm-3 18h6l-3 2z',
  accepted: 'M9 16.200 4.800 12 2 14.800 9 21.800 22 7l-2.800-2.600z',
  en_route: 'M3 10h10V5l8 7-8 7v-5H3z',
  on_scene: 'M12 2a8 8 0 0 1 8 8c0 6-8 12-8 12S4 16 4 10a8 8 0 0 1 8-8zm0 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
};

function Riding({ crew, unit }: { crew: Crew; unit: string }) {
  const { held, queued } = crew.now.value;
  const status = (held?.status ?? 'free') as keyof typeof SHAPES;
  const waiting = queued.map(({ job }) => job);
  return (
    <>
      <section class="now" data-status={status} aria-live="polite">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d={SHAPES[status]} /></svg>
        <h2 data-test="status">{t(`status.${status}`)}</h2>
        <b class="sign">{unit}</b>
      </section>
      <HealthLine crew={crew} />
      <Unsent crew={crew} />
      {!held && <Idle />}
      {held?.status === 'offered' && <Offer key={held.job.dispatch} crew={crew} job={held.job} />}
      {held && held.status !== 'offered' && <Current crew={crew} job={held.job} status={held.status} queued={waiting} />}
      {!held && <Queued jobs={waiting} />}
      <footer class="foot"><PanicKey crew={crew} /><MenuKey crew={crew} unit={unit} /></footer>
    </>
  );
}

/** Taps that the server has not answered: at once without a line, after a moment with one. */
function Unsent({ crew }: { crew: Crew }) {
  const taps = crew.outbox.waiting.value;
  const oldest = Math.min(...taps.map((tap) => tap.at_ms ?? 0));
  const is_slow = tick.value > 0 && Date.now() - oldest > SLOW_MS;
  if (taps.length === 0 || (crew.reach.up.value && !is_slow)) return null;
  return <p class="line" data-grade="poor" data-test="unsent">{t('status.sending', { count: taps.length })}</p>;
}

/** The line does not come back by itself: what to do. */
function LineClosed({ work: { feed } }: { work: Work }) {
  const state = feed.state.value;
  if (state.is !== 'closed' || state.reason === 'logged_out') return null;
  const again = state.reason === 'replaced' ? say('closed.here') : say('closed.reload');
  return (
    <section class="notice" role="alert" data-is="closed">
      <p><b>{t('line.closed')}.</b> {say(`closed.${state.reason}`)}</p>
      <button type="button" onClick={() => (state.reason === 'replaced' ? feed.start() : location.reload())}>{again}</button>
    </section>
  );
}

/** What tests see. */
function stateOf(crew: Crew) {
  const { held, queued } = crew.now.value;
  const seen = crew.tracker.seen.value;
  return {
    riding: crew.riding.value, up: crew.reach.up.value, jobs: crew.jobs.value, status: held?.status ?? null,
    dispatch: held?.job.dispatch ?? null, queued: queued.map(({ job }) => job.dispatch),
    taps: crew.outbox.waiting.value.map(({ type, command_id }) => ({ type, command_id })),
    seen, health: healthOf(seen, Date.now()), notices: crew.notices.value.map(({ is }) => is), awake: wake.value, audible: audible.value,
  };
}
