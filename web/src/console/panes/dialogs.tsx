// Dialogs over the panes: shortcuts, and a call that is entered by hand.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { COMMANDS, KEYS } from '../keys.ts';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { areaOf } from '../state/picture.ts';
import { dialog } from '../state/ui.ts';
import { say } from '../words.ts';

export function Dialogs({ desk, orders }: { desk: Desk; orders: Orders }) {
  if (dialog.value === 'help') return <Help />;
  return dialog.value === 'call' ? <NewCall desk={desk} orders={orders} /> : null;
}

function Box({ title, children }: { title: string; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  return (
    <dialog ref={box} class="box" aria-labelledby="box-title" onClose={() => (dialog.value = null)} data-test="dialog">
      <h2 id="box-title">{title}</h2>
      {children}
      <button type="button" onClick={() => (dialog.value = null)}>{say('dialog.close')} <kbd>Esc</kbd></button>
    </dialog>
  );
}

function Help() {
  return (
    <Box title={say('help.title')}>
      <div class="two">
        <dl>{KEYS.map(([keys, word]) => <div key={word}><dt>{keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{say(word)}</dd></div>)}</dl>
        <div>
          <h3>{say('help.command')} <kbd>/</kbd></h3>
          <dl>{COMMANDS.map(([text, word]) => <div key={word}><dt><code>{text}</code></dt><dd>{say(word)}</dd></div>)}</dl>
        </div>
      </div>
    </Box>
  );
}

function NewCall({ desk, orders }: { desk: Desk; orders: Orders }) {
  const number = useSignal('');
  const areas = desk.work.areas.value;
  const area = useSignal(desk.seat ? areaOf(desk.seat) : (areas.find(({ level }) => level === 'city')?.code ?? ''));
  const go = async (event: Event) => {
    event.preventDefault();
    const caller_number = number.value.trim();
    const body = { area: area.value, ...(caller_number ? { caller_number } : {}) };
    if (await orders.newCall(body)) dialog.value = null;
  };
  return (
    <Box title={say('newcall.title')}>
      <form onSubmit={go} class="new-call">
        <label>{say('newcall.number')}
          <input name="number" inputMode="tel" autocomplete="off" value={number.value} onInput={(event) => (number.value = event.currentTarget.value)} />
        </label>
        <label>{say('newcall.area')}
          <select value={area.value} onChange={(event) => (area.value = event.currentTarget.value)}>
            {areas.filter(({ level }) => level !== 'nation').map(({ code, name }) => <option key={code} value={code}>{code} · {name}</option>)}
          </select>
        </label>
        <button class="primary" data-test="enter-call">{say('newcall.go')}</button>
      </form>
    </Box>
  );
}
