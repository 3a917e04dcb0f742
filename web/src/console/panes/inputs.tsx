// Small forms of the right pane.
import { useSignal } from '@preact/signals';
import { begin, lines } from '../state/ui.ts';
import { say } from '../words.ts';

interface ChooseProps<T extends string> {
  label: string;
  go: string;
  all: readonly (readonly [T, string])[];
  onGo: (choice: T) => unknown;
  /** What it is now: choosing it again is no choice. */
  at?: T;
  primary?: boolean;
  /** What stands in it before anything is chosen, where the label is long. */
  hint?: string;
  test?: string;
}

/** A choice and its button: nothing happens by choosing alone. */
export function Choose<T extends string>({ label, go, all, onGo, at, primary, test, hint }: ChooseProps<T>) {
  const choice = useSignal<T | ''>('');
  const now = choice.value === '' || choice.value === at ? null : choice.value;
  const send = async () => {
    if (now === null) return;
    await onGo(now);
    choice.value = '';
  };
  return (
    <span class="choose" data-test={test}>
      <select aria-label={label} value={choice.value === '' ? (at ?? '') : choice.value}
        onChange={(event) => (choice.value = event.currentTarget.value as T)}>
        {at === undefined && <option value="">{hint ?? label} {say('act.choose')}</option>}
        {all.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
      <button type="button" class={primary ? 'primary' : ''} disabled={now === null} onClick={send}>{go}</button>
    </span>
  );
}

interface NoteProps {
  label: string;
  test?: string;
  go: string;
  /** The form's name among all: what was begun stays there while somebody looks at something else. */
  name: string;
  onNote: (text: string) => Promise<boolean>;
}

/** A line of text and its button; emptied once it was taken. */
export function NoteForm({ label, go, name, onNote, test }: NoteProps) {
  const text = lines.value[name] ?? '';
  const send = async (event: Event) => {
    event.preventDefault();
    const said = text.trim();
    if (said === '' || !(await onNote(said))) return;
    // What was typed on while it was sent stays.
    const now = (lines.value[name] ?? '').trimStart();
    begin(name, now.startsWith(said) ? now.slice(said.length).trimStart() : now);
  };
  return (
    <form class="note" onSubmit={send} data-test={test}>
      <input aria-label={label} placeholder={label} maxLength={4000} value={text} data-key="note"
        onInput={(event) => begin(name, event.currentTarget.value)} />
      <button disabled={text.trim() === ''}>{go}</button>
    </form>
  );
}
