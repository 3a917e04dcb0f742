// How the live feed stands: a badge in the bar, and a cover over everything when the picture stands still.
import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { toServer } from './clock.ts';
import { clock, duration, type Zone } from './format.ts';
import type { Feed, FeedState } from './feed.ts';
import { say } from './words.ts';

/** Shapes differ, not only colours: a full circle, a ring with a gap, two bars, a cross. */
const SHAPES: Record<FeedState['is'], string> = {
  live: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z',
  reconnecting: 'M8 1a7 7 0 1 0 7 7h-3a4 4 0 1 1-4-4z',
  stale: 'M3 2h4v12H3zM9 2h4v12H9z',
  closed: 'M3 1 8 6l5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z',
};

export function FeedBadge({ feed, first }: { feed: Feed; first: boolean }) {
  const { is } = feed.state.value;
  const text = is === 'reconnecting' && first ? say('feed.connecting') : say(`feed.${is}`);
  return (
    <span class="feed" role="status" data-test="feed" data-is={is}>
      <svg viewBox="0 0 16 16" aria-hidden="true"><path d={SHAPES[is]} /></svg>
      {text}
    </span>
  );
}

/** Nobody works on by a picture that stands still: it is covered, with what happened and what to do. */
export function FeedCover(props: LostProps) {
  const since = props.feed.lostSince.value;
  return since === null ? null : <Lost {...props} since_ms={since} />;
}

interface LostProps {
  feed: Feed;
  /** Commands that were given and not answered. */
  late: number;
  zone: Zone;
  onLogOut: () => void;
}

function Lost({ feed, late, since_ms, zone, onLogOut }: LostProps & { since_ms: number }) {
  const first = useRef<HTMLButtonElement>(null);
  // Keys must not reach what lies below.
  useSignalEffect(() => {
    if (feed.state.value.is !== 'live') first.current?.focus();
  });
  return (
    <Cover since_ms={since_ms} zone={zone} why={why(feed.state.value)} late={late}>
      {feed.state.value.is === 'closed'
        ? <Ended reason={feed.state.value.reason} feed={feed} onLogOut={onLogOut} />
        : <button type="button" ref={first} onClick={() => feed.retry()}>{say('lost.retry')}</button>}
    </Cover>
  );
}

/** What a screen shows stands still although its feed does not. */
export interface Halt {
  /** Since when, by this device's clock, Unix milliseconds. */
  since_ms: number;
  /** Why, as a sentence. */
  why: string;
}

export function HaltCover({ halt: { since_ms, why }, zone }: { halt: Halt; zone: Zone }) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <Cover since_ms={since_ms} zone={zone} why={why}>
      <button type="button" ref={first} onClick={() => location.reload()}>{say('closed.reload')}</button>
    </Cover>
  );
}

interface CoverParts {
  since_ms: number;
  zone: Zone;
  why: string;
  late?: number;
  children: ComponentChildren;
}

function Cover({ since_ms, zone, why, late = 0, children }: CoverParts) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  // Whoever works by the keyboard goes on where they were.
  useLayoutEffect(() => {
    const before = document.activeElement;
    // What lay below takes no focus before it is laid open, which is a moment later.
    return () => void setTimeout(() => before instanceof HTMLElement && before.isConnected && before.focus());
  }, []);
  // The PC's own clock may be wrong by minutes: what is told over the radio is the city's time.
  const at = `${clock(toServer(since_ms), zone)} ${zone}`;
  return (
    <div class="cover" role="alertdialog" aria-modal="true" aria-labelledby="lost" data-test="cover">
      <h2 id="lost">{say('lost.title')}</h2>
      <p class="since figures">{say('lost.since', { clock: at, age: duration(Math.max(now.value - since_ms, 0)) })}</p>
      <p>{why}</p>
      {late > 0 && <p class="figures" data-test="lost-late">{say('lost.late', { count: late })}</p>}
      <p>{say('lost.trust')}</p>
      <div class="keys">{children}</div>
    </div>
  );
}

function why(state: FeedState): string {
  if (state.is === 'closed') return say(`closed.${state.reason}`);
  return state.is === 'reconnecting' ? say('lost.reconnecting', { tries: state.tries + 1 }) : say('lost.stale');
}

type Reason = Extract<FeedState, { is: 'closed' }>['reason'];

function Ended({ reason, feed, onLogOut }: { reason: Reason; feed: Feed; onLogOut: () => void }) {
  if (reason === 'replaced') return <button type="button" onClick={() => feed.start()}>{say('closed.here')}</button>;
  if (reason === 'logged_out' || reason === 'revoked') {
    return <button type="button" onClick={onLogOut}>{say('login.title')}</button>;
  }
  return <button type="button" onClick={() => location.reload()}>{say('closed.reload')}</button>;
}
