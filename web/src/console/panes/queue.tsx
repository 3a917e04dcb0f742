// The queue: reports that ring or are held, and open incidents. What needs somebody first is on top.
import { tick } from '../../shared/clock.ts';
import { districtName } from '../../shared/districts.ts';
import { duration } from '../../shared/format.ts';
import { SlaShape } from '../../shared/shapes.tsx';
import { queue, type Row } from '../logic/queue.ts';
import { ChannelShape, Flames } from '../shapes.tsx';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { chosen } from '../state/ui.ts';
import { kindText, standingText } from '../text.ts';
import { say } from '../words.ts';
import { takesUnit } from './drag.ts';
import { Rows } from './rows.tsx';

/** Rows that are drawn; the rest is counted. */
const ROWS_MAX = 120;

export function rowsOf(desk: Desk): Row[] {
  void desk.changed.value;
  return queue(desk.picture, { account: desk.account, seat: desk.seat }, tick.value);
}

export function QueuePane({ desk, orders }: { desk: Desk; orders: Orders }) {
  const rows = rowsOf(desk);
  return (
    <section class="pane queue" aria-labelledby="queue-head" data-pane="1">
      <h2 id="queue-head">{say('pane.queue')} <b class="count">{rows.length}</b></h2>
      {rows.length === 0 && <p class="dim">{desk.read.value.size > 0 ? say('queue.empty') : say('loading')}</p>}
      <Rows label={say('pane.queue')}>
        {rows.slice(0, ROWS_MAX).map((row) => row.is === 'report'
          ? <ReportRow key={row.id} row={row} desk={desk} orders={orders} />
          : <IncidentRow key={row.id} row={row} desk={desk} orders={orders} />)}
      </Rows>
      {rows.length > ROWS_MAX && <p class="dim">+ {rows.length - ROWS_MAX}</p>}
    </section>
  );
}

type Of<K extends Row['is']> = { row: Extract<Row, { is: K }>; desk: Desk; orders: Orders };

function ReportRow({ row: { report, ring, mine, id }, desk, orders }: Of<'report'>) {
  const rings = report.attention === 'ringing';
  const is = chosen.value?.id === id;
  const state = rings
    ? mine ? say('queue.rings') : say('queue.elsewhere', { desk: report.desk })
    : say(mine ? 'queue.held' : 'queue.other');
  return (
    <li class="row report" data-id={id} data-rings={rings && mine} data-mine={mine}>
      <button type="button" class="row-main" data-row aria-current={is} onClick={() => (chosen.value = { is: 'report', id })}>
        <span class="line">
          <b class="state">{rings && mine ? '☎ ' : ''}{state}</b>
          <span class="name">{id}</span>
        </span>
        <span class="line">
          <span class="tag"><ChannelShape channel={report.channel} /> {say(`channel.${report.channel}`)}</span>
          <span class="kind">{kindText(desk.kinds.value, report.kind)}</span>
          <span class="prio" data-p={report.priority}>{report.priority}</span>
        </span>
        <span class="line figures">
          <span>{say('queue.age', { age: duration(Math.max(tick.value - report.rung, 0)) })}</span>
          {rings && ring && <span>{say('queue.climbs', { left: duration(Math.max(ring.until - tick.value, 0)) })}</span>}
          {report.callback_by != null && <b class="warn">{say('queue.callback', { left: duration(report.callback_by - tick.value) })}</b>}
        </span>
      </button>
      {rings && (
        <button type="button" class="primary claim" data-test="claim" onClick={() => orders.claim(id)}>{say('queue.claim')}</button>
      )}
    </li>
  );
}

function IncidentRow({ row, desk, orders }: Of<'incident'>) {
  const { incident, standing, heat, units, reports, id } = row;
  const since = incident.unassigned_since ?? incident.opened;
  // Who was only asked is not on the way.
  const [asked, coming] = [true, false].map((is_asked) => units.filter(({ status }) => (status === 'offered') === is_asked).map(({ unit }) => unit).join(', '));
  return (
    <li class="row incident" data-id={id} data-heat={heat} data-sla={standing.is}
      {...takesUnit((unit) => orders.send(id, unit, 'offer'))}>
      <button type="button" class="row-main" data-row aria-current={chosen.value?.id === id}
        onClick={() => (chosen.value = { is: 'incident', id })}>
        <span class="line">
          <span class="sla figures" data-sla={standing.is}><SlaShape is={standing.is} /> {standingText(standing)}</span>
          <span class="name">{id}</span>
        </span>
        <span class="line">
          <span class="prio" data-p={incident.priority}>{incident.priority}</span>
          <span class="kind">{kindText(desk.kinds.value, incident.kind)}</span>
          <span class="dim">{districtName(id, incident.district)}</span>
        </span>
        <span class="line figures">
          {incident.origin === 'panic' && <b class="warn">{say('origin.panic')}</b>}
          {heat > 0
            ? <b class="hot"><Flames heat={heat} /> {say('queue.nounit', { age: duration(Math.max(tick.value - since, 0)) })}</b>
            : <span>{say(`istatus.${incident.status}`)} {coming}{asked && ` · ${say('dstatus.offered')} ${asked}`}</span>}
          {reports > 1 && <span class="dim">{say('queue.reports', { count: reports })}</span>}
        </span>
      </button>
    </li>
  );
}
