// The command line: `/` opens it, Tab completes, Enter does it.
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { complete } from '../logic/complete.ts';
import { parse, type Known } from '../logic/command.ts';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { areaOf, byName } from '../state/picture.ts';
import { line } from '../state/ui.ts';
import { say } from '../words.ts';

/** What the line may speak of: open things, those of the chosen city first. */
export function knownTo(desk: Desk): Known {
  const { units, incidents, reports } = desk.picture;
  const city = desk.work.areas.value.find(({ level }) => level === 'city')?.code ?? '';
  const seat = desk.seat ? areaOf(desk.seat) : city;
  const area = desk.work.areas.value.some(({ code, level }) => code === seat && level === 'city') ? seat : city;
  return {
    area,
    units: [...units.keys()].sort(byName),
    incidents: [...incidents.values()].filter(({ status }) => status !== 'closed').map(({ id }) => id).sort(byName).reverse(),
    reports: [...reports.values()].filter(({ status }) => status !== 'closed').map(({ id }) => id).sort(byName).reverse(),
    ended: [...incidents.values(), ...reports.values()].filter(({ status }) => status === 'closed').map(({ id }) => id),
  };
}

export function CommandLine({ desk, orders }: { desk: Desk; orders: Orders }) {
  return line.value === null ? null : <OpenLine desk={desk} orders={orders} text={line.value} />;
}

function OpenLine({ desk, orders, text }: { desk: Desk; orders: Orders; text: string }) {
  const input = useRef<HTMLInputElement>(null);
  const wrong = useSignal<string | null>(null);
  const at = useSignal(0);
  useLayoutEffect(() => {
    const before = document.activeElement;
    input.current?.focus();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  const known = knownTo(desk);
  const offers = complete(text, known);
  const picked = offers[Math.min(at.value, offers.length - 1)];
  const write = (to: string) => {
    line.value = to;
    at.value = 0;
    wrong.value = null;
  };
  const go = async () => {
    const order = parse(text, known);
    if ('wrong' in order) {
      wrong.value = say(`line.wrong.${order.wrong}`, { at: order.at });
    } else if (await orders.run(order)) line.value = null;
  };
  const key = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) at.value = Math.min(Math.max(at.value + step, 0), Math.max(offers.length - 1, 0));
    else if (event.key === 'Tab' && !event.shiftKey && picked) write(picked.line);
    else if (event.key === 'Enter') void go();
    else return;
    event.preventDefault();
  };
  return (
    <div class="command" data-test="line">
      {wrong.value && <p class="error" role="alert">{wrong.value}</p>}
      {offers.length > 0 && (
        <ul role="listbox" id="line-offers" aria-label={say('line.label')}>
          {offers.map((offer) => (
            <li key={offer.line} role="option" id={`line-${offer.word}`} aria-selected={offer === picked} onMouseDown={(event) => {
              event.preventDefault();
              write(offer.line);
            }}>{offer.word}</li>
          ))}
        </ul>
      )}
      <input ref={input} role="combobox" aria-expanded={offers.length > 0} aria-controls="line-offers" aria-autocomplete="list"
        {...(picked ? { 'aria-activedescendant': `line-${picked.word}` } : {})}
        aria-label={say('line.label')} placeholder={say('line.hint')} spellcheck={false} autocomplete="off" value={text}
        onInput={(event) => write(event.currentTarget.value)} onKeyDown={key} />
    </div>
  );
}
