// A report: the call, who calls, what became known, and whether it is valid.
import { tick } from '../../shared/clock.ts';
import { districtName } from '../../shared/districts.ts';
import { clock, duration } from '../../shared/format.ts';
import { areaOf, type Report } from '../state/picture.ts';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { useRead } from '../state/reads.ts';
import { chosen, written } from '../state/ui.ts';
import { ChannelShape } from '../shapes.tsx';
import { kindText, zoneOf } from '../text.ts';
import { say } from '../words.ts';
import { CallKeys } from './call_keys.tsx';
import { Caller } from './caller.tsx';
import { CallForm } from './call_form.tsx';
import { Choose, NoteForm } from './inputs.tsx';

export const REASONS = ['prank', 'hoax', 'silent', 'information', 'wrong_number', 'test', 'other'] as const;
/** Ways to close a report that a person chooses; the others follow from what was judged. */
const CLOSINGS = ['told', 'handled', 'referred'] as const;

interface Props {
  report: Report;
  desk: Desk;
  orders: Orders;
}

export function ReportView({ report, desk, orders }: Props) {
  const { id, attention } = report;
  const mine = attention === 'held' && report.holder === desk.account;
  const zone = zoneOf(desk, areaOf(id));
  // Only what others tell of as well can be taken out.
  const shared = report.incident && [...desk.picture.reports.values()].some((other) => other.id !== id && other.incident === report.incident);
  return (
    <article data-report={id}>
      <header>
        <h2><span class="name">{id}</span> {kindText(desk.kinds.value, report.kind)}</h2>
        <p class="line">
          <span class="tag"><ChannelShape channel={report.channel} /> {say(`channel.${report.channel}`)}</span>
          <b data-test="rstatus">{say(`rstatus.${report.status}`)}</b>
          {report.invalid && <span>{say(`reason.${report.invalid}`)}</span>}
          <span class="prio" data-p={report.priority}>{report.priority}</span>
          {report.district && <span>{districtName(report.flow, report.district)}</span>}
          <span class="dim figures">{clock(report.rung, zone)} {zone} · {duration(Math.max(tick.value - report.rung, 0))}</span>
        </p>
        {report.incident && (
          <p class="line">
            <button type="button" class="name" onClick={() => (chosen.value = { is: 'incident', id: report.incident! })}>{report.incident}</button>
            {shared && report.status === 'valid' && (
              <button type="button" data-test="split" onClick={() => orders.split(id)}>{say('act.split')}</button>
            )}
          </p>
        )}
      </header>
      {attention === 'ringing' && (
        <p><button type="button" class="primary wide" data-test="claim-here" onClick={() => orders.claim(id)}>{say('queue.claim')} <kbd>C</kbd></button></p>
      )}
      {attention === 'held' && !mine && (
        <p class="line">{say('form.held_by')} <button type="button" data-test="take-over" onClick={() => orders.claim(id, true)}>{say('form.take_over')}</button></p>
      )}
      <CallKeys report={report} orders={orders} mine={mine} />
      <Caller report={report} desk={desk} />
      {report.status !== 'closed' && <CallForm report={report} desk={desk} orders={orders} />}
      {report.status === 'answered' && <Judge report={report} desk={desk} orders={orders} />}
      {mine && (report.status === 'valid' || report.status === 'invalid') && <End report={report} orders={orders} />}
      {report.status === 'closed' && <NoteForm name={`reopen ${id}`} test="reopen" label={say('form.reopen_why')} go={say('form.reopen')} onNote={(why) => orders.reopen(id, why)} />}
      {mine && <Pass report={report} desk={desk} orders={orders} />}
    </article>
  );
}

/** Valid, perhaps as one that is known already; or not, and why. */
function Judge({ report, desk, orders }: Props) {
  const { id, place } = report;
  const where = place ? `${place.lat},${place.lng},${report.kind}` : '';
  const read = useRead([id], () => desk.work.api.get('/reports/{id}/similar', { path: { id } }), 15_000, where);
  const similar = read.value.value ?? [];
  return (
    <section class="judge" aria-label={say('form.valid')}>
      {similar.length > 0 && <h3>{say('form.similar')}</h3>}
      <ul class="similar">
        {similar.slice(0, 3).map(({ incident, distance_m, apart_ms, same_kind }) => (
          <li key={incident}>
            <button type="button" data-test="join" onClick={() => orders.valid(id, incident)}>{say('form.join', { incident })}</button>
            <span class="dim figures">{say('form.likeness', { metres: Math.round(distance_m), age: duration(apart_ms) })} {same_kind ? say('form.same_kind') : ''}</span>
          </li>
        ))}
      </ul>
      {!place && !written(id)?.pin && <p class="warn">▲ {say('form.needplace')}</p>}
      <p class="line">
        <button type="button" class="primary wide" data-test="valid" onClick={() => orders.valid(id)}>{say('form.valid')} <kbd>V</kbd></button>
      </p>
      <Choose label={say('form.invalid')} go={say('form.invalid')} test="invalid"
        all={REASONS.map((one) => [one, say(`reason.${one}`)])} onGo={(reason) => orders.invalid(id, reason)} />
    </section>
  );
}

/** The desk is done with it; its incident goes on. */
function End({ report, orders }: Pick<Props, 'report' | 'orders'>) {
  return (
    <section class="ends" aria-label={say('form.end')}>
      <Choose label={say('form.end')} go={say('form.end')} test="close-report" all={CLOSINGS.map((one) => [one, say(`closing.${one}`)])}
        onGo={(how) => orders.closeReport(report.id, how, report.call ? 'call' : 'no')} />
    </section>
  );
}

function Pass({ report, desk, orders }: Props) {
  const others = desk.desks.value.filter(({ id }) => id !== report.desk);
  return (
    <section class="ends" aria-label={say('form.pass')}>
      {others.length > 0 && (
        <Choose label={say('form.pass')} go={say('form.pass')} test="pass" all={others.map(({ id, name }) => [id, `${id} ${name}`])}
          onGo={(to) => orders.pass(report.id, to)} />
      )}
      <button type="button" data-test="give-back" onClick={() => orders.pass(report.id, null)}>{say('form.back')}</button>
    </section>
  );
}
