// The units at work on an incident: their steps, entered for them by radio; recall; hand over.
import type { DispatchStatus } from '../../gen/frames.ts';
import { clock } from '../../shared/format.ts';
import { UnitShape } from '../../shared/shapes.tsx';
import { isOpen } from '../logic/queue.ts';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { areaOf, type Dispatch, type Incident } from '../state/picture.ts';
import { pointed } from '../state/ui.ts';
import { metres, zoneOf } from '../text.ts';
import { say } from '../words.ts';
import { Choose } from './inputs.tsx';

/** What may follow, as the server has it. */
const NEXT: Partial<Record<DispatchStatus, DispatchStatus[]>> = {
  offered: ['accepted'], accepted: ['en_route', 'on_scene', 'cleared'], en_route: ['on_scene', 'cleared'], on_scene: ['cleared'],
};
/** Units that work can be handed to by the list; the command line knows all. */
const FREE_MAX = 60;
const SHAPE_OF = { queued: 'off', offered: 'dispatched', accepted: 'dispatched', en_route: 'enroute', on_scene: 'onscene' } as const;

/** `sends`: whether this account gives orders to units here. */
export function AtWork({ incident, desk, orders, sends }: { incident: Incident; desk: Desk; orders: Orders; sends: boolean }) {
  const all = [...desk.picture.dispatches.values()].filter((one) => one.incident === incident.id);
  const [open, ended] = [all.filter(isOpen), all.filter((one) => !isOpen(one))];
  return (
    <section aria-labelledby="work-head">
      <h3 id="work-head">{say('detail.units')}</h3>
      {open.length === 0 && <p class="dim">{say('detail.nounits')}</p>}
      <ul class="work" data-test="work">
        {open.map((dispatch) => <Work key={dispatch.id} dispatch={dispatch} desk={desk} orders={orders} sends={sends} />)}
      </ul>
      {ended.length > 0 && (
        <p class="dim ended">{ended.map((one) => `${one.unit} ${say(`dstatus.${one.status}`)}`).join(' · ')}</p>
      )}
    </section>
  );
}

function Work({ dispatch, desk, orders, sends }: { dispatch: Dispatch; desk: Desk; orders: Orders; sends: boolean }) {
  const { id, unit, status, incident } = dispatch;
  const next = NEXT[status] ?? [];
  const free = desk.ordered.value.get('free')?.slice(0, FREE_MAX) ?? [];
  const at = dispatch.on_scene ?? dispatch.en_route ?? dispatch.accepted ?? dispatch.offered ?? dispatch.created;
  return (
    <li data-dispatch={id} data-unit={SHAPE_OF[status as keyof typeof SHAPE_OF]}>
      <span class="line">
        <UnitShape status={SHAPE_OF[status as keyof typeof SHAPE_OF]} />
        <button type="button" class="name" onClick={() => (pointed.value = unit)}>{unit}</button>
        <b>{say(`dstatus.${status}`)}</b>
        <span class="dim figures">{clock(at, zoneOf(desk, areaOf(incident)))}</span>
        <Arrived dispatch={dispatch} />
        {sends && (
          <button type="button" data-test="recall" aria-label={say('act.recall_of', { unit })}
            onClick={() => orders.step(id, incident, 'recalled')}>{say('act.recall')}</button>
        )}
      </span>
      {sends && <span class="line">
        {next.map((to) => (
          <button type="button" key={to} data-test={`step-${to}`} aria-label={`${say('act.step', { unit })}: ${say(`dstatus.${to}`)}`}
            onClick={() => orders.step(id, incident, to)}>{say(`dstatus.${to}`)}</button>
        ))}
        {free.length > 0 && status !== 'queued' && (
          <Choose label={say('act.hand_of', { unit })} go={say('act.hand')} hint="" test="hand"
            all={free.map((one) => [one.id, one.id])} onGo={(to) => orders.handOver(id, incident, to)} />
        )}
      </span>}
    </li>
  );
}

/** What a tapped arrival is worth: the promise counts it, and says apart what the unit's own fix proved. */
function Arrived({ dispatch: { arrival, status } }: { dispatch: Dispatch }) {
  if (!arrival || status !== 'on_scene') return null;
  const { verified, distance_m } = arrival;
  if (verified) return <span class="dim" data-test="arrival">{say('arrival.proved')}</span>;
  return <b class="warn" data-test="arrival">▲ {distance_m == null ? say('arrival.blind') : say('arrival.far', { far: metres(distance_m) })}</b>;
}
