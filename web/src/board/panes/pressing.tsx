// What is late and what is about to be: time over and left counting each second, why, and what would help.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { components } from '../../gen/api.ts';
import type { Pressing, ToldBoard } from '../../gen/frames.ts';
import type { Api } from '../../shared/api.ts';
import { tick } from '../../shared/clock.ts';
import { districtName } from '../../shared/districts.ts';
import { duration } from '../../shared/format.ts';
import { SlaShape } from '../../shared/shapes.tsx';
import { errorText } from '../../shared/words.ts';
import { row } from '../logic/live.ts';
import { kindText } from '../state/kinds.ts';
import { Reading } from '../state/reading.ts';
import { percent } from '../text.ts';
import { say } from '../words.ts';

type Risk = components['schemas']['Risk'];
type Help = Risk['helps'][number];

export function PressingPane({ api, told }: { api: Api; told: ToldBoard }) {
  return (
    <>
      <List api={api} name="late" list={told.breached} />
      <List api={api} name="risk" list={told.at_risk} />
    </>
  );
}

function List({ api, name, list: { incidents, more } }: { api: Api; name: 'late' | 'risk'; list: ToldBoard['at_risk'] }) {
  const open = useSignal<string | null>(null);
  return (
    <section class="panel pressing" aria-labelledby={`${name}-head`} data-test={name}>
      <h2 id={`${name}-head`}>{say(`pressing.${name}`)}</h2>
      {incidents.length === 0 && <p class="dim">{say(`calm.${name}`)}</p>}
      <ul>
        {incidents.map((pressing) => (
          <Item key={pressing.incident} api={api} pressing={pressing} open={open.value === pressing.incident}
            onToggle={() => (open.value = open.value === pressing.incident ? null : pressing.incident)} />
        ))}
      </ul>
      {more > 0 && <p class="dim">{say('list.more', { count: more })}</p>}
    </section>
  );
}

interface ItemParts {
  api: Api;
  pressing: Pressing;
  open: boolean;
  onToggle: () => void;
}

function Item({ api, pressing, open, onToggle }: ItemParts) {
  const { incident, kind, priority, status, unit, district } = pressing;
  return (
    <li data-row={incident}>
      <button type="button" aria-expanded={open} onClick={onToggle}>
        <span class="line">
          <b class="prio" data-p={priority}>{priority}</b>
          <span class="kind">{kindText(kind)}</span>
          <span class="name">{incident}</span>
        </span>
        <Standing pressing={pressing} />
        <span class="small">{district && `${districtName(incident, district)} · `}{say(`istatus.${status}`)} · {unit ?? say('list.nobody')}</span>
        <Cause pressing={pressing} />
      </button>
      {open && <Helps api={api} incident={incident} />}
    </li>
  );
}

/** How long is left or over, as a colour, a shape and words. */
export function Standing({ pressing }: { pressing: Pressing }) {
  const { is, ms } = row(pressing, tick.value);
  return <span class="sla figures" data-sla={is}><SlaShape is={is} /> {say(`list.${is}`, { time: duration(ms) })}</span>;
}

/** Which part of the response spent the time. */
export function Cause({ pressing }: { pressing: Pressing }) {
  if (row(pressing, tick.value).is !== 'late') return null;
  const { cause } = pressing;
  return <span class="cause">{cause ? say('list.cause', { segment: say(`segment.${cause}`) }) : say('list.waits')}</span>;
}

/** How often what would help is asked again, milliseconds. */
const AGAIN_MS = 5_000;

function Helps({ api, incident }: { api: Api; incident: string }) {
  const risk = useMemo(() => new Reading<Risk>(), [incident]);
  useEffect(() => {
    const read = () => void risk.read(incident, () => api.get('/incidents/{id}/risk', { path: { id: incident } }));
    read();
    const timer = setInterval(read, AGAIN_MS);
    return () => clearInterval(timer);
  }, [incident]);
  const told = risk.value.value;
  if (risk.wrong.value) return <p class="help small">{errorText(risk.wrong.value)}</p>;
  if (!told) return <p class="help small" role="status">{say('help.reading')}</p>;
  return (
    <div class="help small" data-test="help">
      <p>{told.expected_ms == null ? say('help.nobody') : say('help.expected', { time: duration(told.expected_ms) })}</p>
      {told.late_share > 0 && <p>{say('help.share', { share: percent(told.late_share) })}</p>}
      <p><b>{told.helps.length > 0 ? say('help.title') : say('help.none')}</b></p>
      <ul>{told.helps.map((help) => <li key={`${help.help} ${help.unit}`}>{helpText(help)}</li>)}</ul>
    </div>
  );
}

function helpText(help: Help): string {
  const at = { unit: help.unit, time: duration(help.eta_ms) };
  if (help.help === 'divert') return say('help.divert', { ...at, incident: help.incident, priority: help.priority });
  return say(help.help === 'nearer' ? 'help.nearer' : 'help.backup', at);
}
