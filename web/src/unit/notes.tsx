// What is known of the incident, and what the crew adds.
import { useSignal } from '@preact/signals';
import { clock, type Zone } from '../shared/format.ts';
import type { Crew } from './crew.ts';
import type { Job } from './jobs.ts';
import { t } from './words.ts';

export function Notes({ crew, job }: { crew: Crew; job: Job }) {
  const text = useSignal('');
  const zone: Zone = crew.work.areas.value.find((area) => area.level === 'city')?.zone ?? 'WITA';
  const told = job.scene?.notes ?? [];
  const waiting = crew.outbox.waiting.value.flatMap((tap) => (tap.type === 'note' && tap.incident === job.incident ? [tap] : []));
  const send = (event: Event) => {
    event.preventDefault();
    const note = text.value.trim();
    if (note !== '' && crew.note(job.incident, note)) text.value = '';
  };
  return (
    <details class="notes">
      <summary>{t('notes.title')} ({told.length + waiting.length})</summary>
      {told.length + waiting.length === 0 && <p class="dim">{t('notes.none')}</p>}
      <ol>
        {told.map((note) => <li key={note.no}><time class="dim">{clock(note.at, zone)}</time> {note.text}</li>)}
        {waiting.map((tap) => <li key={tap.command_id}>{tap.text} <em class="dim">({t('notes.waits')})</em></li>)}
      </ol>
      <form onSubmit={send}>
        <label>{t('notes.new')}
          <textarea rows={2} maxLength={4_000} value={text.value} data-test="note" onInput={(event) => (text.value = event.currentTarget.value)} />
        </label>
        <button class="wide" data-test="send-note" disabled={text.value.trim() === ''}>{t('notes.send')}</button>
      </form>
    </details>
  );
}
