// The strip below the bar: at which desk one sits, the siren, and the ways to everything else.
import { useSignal } from '@preact/signals';
import { tick } from '../../shared/clock.ts';
import { clock } from '../../shared/format.ts';
import { usualDesk } from '../logic/queue.ts';
import { sounding } from '../logic/siren.ts';
import { areaOf } from '../state/picture.ts';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import type { Siren } from '../state/siren.ts';
import { dialog, line } from '../state/ui.ts';
import { zoneOf } from '../text.ts';
import { say } from '../words.ts';

export function Tools({ desk, orders, siren }: { desk: Desk; orders: Orders; siren: Siren }) {
  return (
    <div class="tools" role="toolbar" aria-label="Sigap">
      <Seat desk={desk} orders={orders} />
      <SirenKey desk={desk} siren={siren} />
      {siren.notify.value === 'default' && (
        <button type="button" onClick={() => siren.allow()}>{say('notify.allow')}</button>
      )}
      {siren.notify.value === 'denied' && <span class="dim" data-test="unnotified">▲ {say('notify.denied')}</span>}
      <span class="gap" />
      <button type="button" data-test="new-call" onClick={() => (dialog.value = 'call')}>{say('tool.call')} <kbd>T</kbd></button>
      <button type="button" onClick={() => (line.value = '')}>{say('tool.line')} <kbd>/</kbd></button>
      <button type="button" data-test="help" onClick={() => (dialog.value = 'help')}>{say('tool.help')} <kbd>?</kbd></button>
    </div>
  );
}

function Seat({ desk, orders }: { desk: Desk; orders: Orders }) {
  const wish = useSignal<string | null>(null);
  const seat = desk.seat;
  if (seat) {
    return (
      <span class="seat" data-test="seat">
        {say('shift.at')} <b>{seat}</b>
        <button type="button" onClick={() => orders.getUp()}>{say('shift.end')}</button>
      </span>
    );
  }
  const desks = desk.desks.value;
  const own = desk.work.session.login.value?.grants.map(({ area }) => area);
  const at = wish.value ?? usualDesk(desks, desk.work.areas.value, own) ?? '';
  if (!desk.work.session.hasRole(['operator', 'dispatcher'])) return null;
  return (
    <span class="seat" data-test="seat">
      <b class="warn">▲ {say('shift.none')}</b>
      <select aria-label={say('shift.at')} value={at} onChange={(event) => (wish.value = event.currentTarget.value)}>
        {desks.map(({ id }) => <option key={id} value={id}>{id}</option>)}
      </select>
      <button type="button" class="primary" data-test="sit" disabled={at === ''} onClick={() => orders.sit(at)}>{say('shift.sit')}</button>
    </span>
  );
}

function SirenKey({ desk, siren }: { desk: Desk; siren: Siren }) {
  const state = siren.state.value;
  const is = sounding(state, tick.value);
  const seat = desk.seat;
  if (!seat) return null;
  const until = clock(state.until_ms, zoneOf(desk, areaOf(seat)));
  const hindrance = siren.hindrance.value;
  const text = is === 'sounds' ? say('siren.sounds', { count: state.ringing.length })
    : is === 'muted' ? say('siren.muted', { clock: until }) : say(hindrance === 'none' ? 'siren.silent' : 'siren.unheard');
  return (
    <span class="siren" data-is={is} data-heard={hindrance === 'none'} data-test="siren">
      <span role="status"><span aria-hidden="true">{is === 'sounds' ? '◀))' : is === 'muted' || hindrance !== 'none' ? '✕' : '○'}</span> {text}</span>
      {hindrance === 'untouched' && <button type="button" class="primary" data-test="unblock">{say('siren.blocked')}</button>}
      {hindrance === 'mute' && <b class="warn">▲ {say('siren.mute_pc')}</b>}
      {is !== 'silent' && (
        <button type="button" data-test="mute" onClick={() => siren.toggle()}>
          {say(is === 'sounds' ? 'siren.mute' : 'siren.unmute')} <kbd>M</kbd>
        </button>
      )}
    </span>
  );
}
