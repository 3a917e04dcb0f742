// An incident whole: how it stands, who is at work, who could be, what was said.
import { useEffect } from 'preact/hooks';
import { tick } from '../../shared/clock.ts';
import { districtName } from '../../shared/districts.ts';
import { clock, duration } from '../../shared/format.ts';
import { SlaShape } from '../../shared/shapes.tsx';
import { DISPOSITIONS, PRIORITIES } from '../logic/command.ts';
import { segments, standing } from '../logic/promise.ts';
import { isOpen } from '../logic/queue.ts';
import type { Desk, IncidentBody } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { areaOf, type Incident } from '../state/picture.ts';
import { chosen } from '../state/ui.ts';
import { kindText, standingText, zoneOf } from '../text.ts';
import { say } from '../words.ts';
import { AtWork } from './at_work.tsx';
import { Candidates } from './candidates.tsx';
import { takesUnit } from './drag.ts';
import { Choose, NoteForm } from './inputs.tsx';

export function IncidentView({ incident, desk, orders }: { incident: Incident; desk: Desk; orders: Orders }) {
  const { id } = incident;
  useEffect(() => desk.look(id), [id]);
  const body = desk.bodies.get(id);
  const zone = zoneOf(desk, areaOf(id));
  const open = incident.status !== 'closed';
  const sends = open && desk.may(['dispatcher'], areaOf(id));
  return (
    <article data-incident={id} {...takesUnit((unit) => orders.send(id, unit, 'offer'))}>
      <header>
        <h2><span class="name">{id}</span> {kindText(desk.kinds.value, incident.kind)}</h2>
        <p class="line">
          <span class="prio" data-p={incident.priority}>{incident.priority}</span>
          <b>{say(`istatus.${incident.status}`)}{incident.disposition ? `: ${say(`disposition.${incident.disposition}`)}` : ''}</b>
          <span class="dim">{say(`origin.${incident.origin}`)}</span>
        </p>
        <p class="line figures">
          <span>{districtName(id, incident.district)} {incident.place.lat.toFixed(5)}, {incident.place.lng.toFixed(5)}</span>
          {incident.place_version > 1 && <span class="dim">{say('detail.version', { version: incident.place_version })}</span>}
        </p>
      </header>
      <Response incident={incident} />
      <AtWork incident={incident} desk={desk} orders={orders} sends={sends} />
      {open && !sends && <p class="dim" data-test="others-send">{say('detail.others_send', { area: areaOf(id) })}</p>}
      {sends && <Candidates incident={incident} desk={desk} orders={orders} />}
      <Notes body={body} desk={desk} zone={zone} />
      {open && <NoteForm name={`note ${id}`} label={say('act.note')} go={say('act.note_go')} onNote={(text) => orders.note(id, text)} />}
      <Told id={id} desk={desk} />
      {sends && <Ends incident={incident} desk={desk} orders={orders} />}
    </article>
  );
}

/** The clock and its parts, each with its own time. */
function Response({ incident }: { incident: Incident }) {
  const stands = standing(incident, tick.value);
  const closed = incident.closed ?? 0;
  // Nobody got there and nobody will: no clock runs any more.
  const unreached = closed > 0 && incident.clock.on_scene == null;
  const parts = segments(incident, tick.value);
  return (
    <section aria-label={say('detail.clock')}>
      <p class="line figures">
        {unreached
          ? <b data-test="sla">{say('sla.unreached', { time: duration(closed - incident.clock.start) })}</b>
          : <span class="sla big" data-sla={stands.is} data-test="sla"><SlaShape is={stands.is} /> {standingText(stands)}</span>}
        <span class="dim">{say('detail.target', { time: duration(incident.clock.target_ms) })}</span>
      </p>
      <ol class="segments">
        {parts.map(({ name, took_ms, runs }) => (
          <li key={name} data-runs={runs}>
            <span>{say(`segment.${name}`)}</span> <b class="figures">{duration(took_ms)}{runs ? ' …' : ''}</b>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Notes({ body, desk, zone }: { body: IncidentBody | undefined; desk: Desk; zone: 'WIB' | 'WITA' | 'WIT' }) {
  if (!body) return <p class="dim">{say('loading')}</p>;
  const who = (author: string) => author === 'system' ? say('detail.system')
    : author === `account:${desk.account}` ? say('detail.you') : say('detail.someone');
  return (
    <section aria-labelledby="notes-head">
      <h3 id="notes-head">{say('detail.notes')}</h3>
      {body.notes.length === 0 && <p class="dim">{say('detail.nonotes')}</p>}
      <ul class="notes" data-test="notes" tabIndex={0} aria-labelledby="notes-head">
        {body.notes.map(({ no, at, author, text }) => (
          <li key={no}><span class="dim figures">{clock(at, zone)} {who(author)}</span> {text}</li>
        ))}
      </ul>
    </section>
  );
}

/** The reports that led here. */
function Told({ id, desk }: { id: string; desk: Desk }) {
  const reports = [...desk.picture.reports.values()].filter(({ incident }) => incident === id);
  if (reports.length === 0) return null;
  return (
    <section aria-labelledby="told-head">
      <h3 id="told-head">{say('detail.reports')}</h3>
      <p class="line">
        {reports.map(({ id: report }) => (
          <button type="button" key={report} class="name" onClick={() => (chosen.value = { is: 'report', id: report })}>{report}</button>
        ))}
      </p>
    </section>
  );
}

function Ends({ incident, desk, orders }: { incident: Incident; desk: Desk; orders: Orders }) {
  const { id } = incident;
  const others = [...desk.picture.incidents.values()]
    .filter((other) => other.id !== id && other.status !== 'closed' && areaOf(other.id) === areaOf(id));
  const nobody = ![...desk.picture.dispatches.values()].some((one) => one.incident === id && isOpen(one));
  return (
    <section class="ends" aria-label={say('detail.end')}>
      <Choose label={say('act.priority')} go={say('form.save')} at={incident.priority}
        all={PRIORITIES.map((one) => [one, one])} onGo={(to) => orders.priority(id, to)} />
      {others.length > 0 && (
        <Choose label={say('act.merge_into')} go={say('act.merge')} test="merge"
          all={others.map((one) => [one.id, `${one.id} ${kindText(desk.kinds.value, one.kind)}`])} onGo={(into) => orders.merge(id, into)} />
      )}
      <Choose label={say('act.outcome')} go={say('act.close')} primary={nobody && incident.status === 'cleared'} test="close"
        all={DISPOSITIONS.map((one) => [one, say(`disposition.${one}`)])} onGo={(how) => orders.close(id, how)} />
    </section>
  );
}
