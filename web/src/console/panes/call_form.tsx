// What becomes known in a call, as it is spoken. Only what was changed is sent.
import { useEffect } from 'preact/hooks';
import { lang } from '../../shared/i18n.ts';
import { PRIORITIES } from '../logic/command.ts';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import type { Report } from '../state/picture.ts';
import { clicked, draft, drafts, written, type Draft } from '../state/ui.ts';
import { say } from '../words.ts';

export function CallForm({ report, desk, orders }: { report: Report; desk: Desk; orders: Orders }) {
  const { place, id } = report;
  const now = drafts.value[id] ?? {};
  const set = (by: Draft) => draft(id, by);
  useEffect(() => {
    clicked.value = null;
    return clicked.subscribe((at) => at && set({ pin: `${at.lat.toFixed(5)}, ${at.lng.toFixed(5)}` }));
  }, [id]);
  const changed = written(id) !== null;
  const save = (event: Event) => {
    event.preventDefault();
    void orders.save(id);
  };
  const kinds = desk.kinds.value;
  const kind = now.kind ?? report.kind;
  return (
    <form class="call-form" onSubmit={save} data-test="call-form">
      <label>{say('form.kind')}
        <select name="kind" value={kind} onChange={(event) => {
          const code = event.currentTarget.value;
          const usual = kinds.find((one) => one.code === code)?.priority;
          set({ kind: code, ...(usual ? { priority: usual } : {}) });
        }}>
          {!kinds.some(({ code }) => code === kind) && <option value={kind}>{say('act.choose')}</option>}
          {kinds.map((one) => <option key={one.code} value={one.code}>{lang.value === 'id' ? one.id : one.en}</option>)}
        </select>
      </label>
      <label>{say('form.priority')}
        <select name="priority" value={now.priority ?? report.priority} onChange={(event) => set({ priority: event.currentTarget.value as Report['priority'] })}>
          {PRIORITIES.map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      </label>
      <label class="wide">{say('form.place')} ({say('form.from_map')})
        <input name="pin" spellcheck={false} value={now.pin ?? ''} placeholder={place ? `${place.lat.toFixed(5)}, ${place.lng.toFixed(5)}` : say('detail.noplace')}
          onInput={(event) => set({ pin: event.currentTarget.value })} />
      </label>
      <label class="wide">{say('form.address')}
        <input name="address" maxLength={500} value={now.address ?? ''} onInput={(event) => set({ address: event.currentTarget.value })} />
      </label>
      <label class="wide">{say('form.text')}
        <textarea name="text" rows={2} maxLength={8000} value={now.text ?? ''} onInput={(event) => set({ text: event.currentTarget.value })} />
      </label>
      <label>{say('form.name')}
        <input name="name" maxLength={200} autocomplete="off" value={now.caller_name ?? ''} onInput={(event) => set({ caller_name: event.currentTarget.value })} />
      </label>
      <button class={changed ? 'primary' : ''} data-test="save" disabled={!changed}>{say('form.save')}</button>
    </form>
  );
}
