// The call itself: hold, silent, dropped, over; and the caller who must be reached again.
import { tick } from '../../shared/clock.ts';
import { duration } from '../../shared/format.ts';
import type { CallState } from '../../gen/frames.ts';
import type { Orders } from '../state/orders.ts';
import type { Report } from '../state/picture.ts';
import { say } from '../words.ts';

/** What can be told of a call, by how it stands. */
const NEXT: Partial<Record<CallState, [CallState, 'call.hold' | 'call.go_on' | 'call.is_silent' | 'call.is_dropped' | 'call.end'][]>> = {
  talking: [['on_hold', 'call.hold'], ['silent', 'call.is_silent'], ['dropped', 'call.is_dropped'], ['ended', 'call.end']],
  on_hold: [['talking', 'call.go_on'], ['dropped', 'call.is_dropped'], ['ended', 'call.end']],
  silent: [['talking', 'call.go_on'], ['dropped', 'call.is_dropped']],
};

export function CallKeys({ report, orders, mine }: { report: Report; orders: Orders; mine: boolean }) {
  const { id, call, callback_by } = report;
  if (!call) return null;
  const left_ms = callback_by == null ? null : callback_by - tick.value;
  return (
    <section aria-label={say('channel.call')}>
      <p class="line">
        <span class="dim">☎ {say(`call.${call}`)}</span>
        {mine && (NEXT[call] ?? []).map(([to, word]) => (
          <button type="button" key={to} data-test={`call-${to}`} onClick={() => orders.call(id, to)}>{say(word)}</button>
        ))}
      </p>
      {left_ms !== null && (
        <p class="line">
          <b class="warn" data-test="callback">▲ {left_ms > 0 ? say('call.back', { left: duration(left_ms) }) : say('call.back_now', { left: duration(-left_ms) })}</b>
          <button type="button" data-test="reached" onClick={() => orders.callback(id, true)}>{say('call.reached')}</button>
          <button type="button" data-test="unreached" onClick={() => orders.callback(id, false)}>{say('call.unreached')}</button>
        </p>
      )}
    </section>
  );
}
