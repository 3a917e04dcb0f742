// What is chosen and open on this console.
import { signal } from '@preact/signals';
import type { components } from '../../gen/api.ts';

export type Chosen = { is: 'report' | 'incident'; id: string } | null;
export type Dialog = 'help' | 'call' | null;

/** The one thing that the right pane shows. */
export const chosen = signal<Chosen>(null);
/** The unit that the map and the list point out. */
export const pointed = signal<string | null>(null);
/** The units that the ranking shows, the nearest first. */
export const candidates = signal<string[]>([]);
/** A place that was clicked on the map, for the form that asks for one. */
export const clicked = signal<{ lat: number; lng: number } | null>(null);
/** What was typed about a report and not saved yet: it is kept while somebody looks at something else. */
export const drafts = signal<Readonly<Record<string, Draft>>>({});
export type Draft = components['schemas']['AmendBody'];
/** Lines that were begun in small forms and not sent, by the form's name: kept as drafts are. */
export const lines = signal<Readonly<Record<string, string>>>({});
export const dialog = signal<Dialog>(null);
export const line = signal<string | null>(null);
export const grid = signal(false);

/** What came of the last action; bad ones stay until the next. */
export const notice = signal<{ text: string; bad: boolean; no: number } | null>(null);
let notices = 0;

export function tell(text: string, bad = false): void {
  const no = ++notices;
  notice.value = { text, bad, no };
  if (!bad) setTimeout(() => notice.value?.no === no && (notice.value = null), 6_000);
}

/** What a draft has to say; null where there is nothing. */
export function written(id: string): Draft | null {
  const all = Object.entries(drafts.value[id] ?? {}).filter(([, value]) => value !== '' && value !== undefined);
  return all.length > 0 ? Object.fromEntries(all) : null;
}

export function draft(id: string, by: Draft | null): void {
  const { [id]: before, ...others } = drafts.value;
  drafts.value = by === null ? others : { ...others, [id]: { ...before, ...by } };
}

/** Keeps a begun line; an empty one is forgotten. */
export function begin(form: string, text: string): void {
  const { [form]: _, ...others } = lines.value;
  lines.value = text === '' ? others : { ...others, [form]: text };
}

/** Forgets what was saved of a draft; what was typed since then stays. */
export function saved(id: string, sent: Draft): void {
  const left = unsaved(drafts.value[id] ?? {}, sent);
  draft(id, null);
  if (left) draft(id, left);
}

/** What of a draft was not sent; null where all was. What was said is added to, so only its new end is left. */
export function unsaved(now: Draft, sent: Draft): Draft | null {
  const left = Object.entries(now).flatMap(([name, value]) => {
    const was = sent[name as keyof Draft];
    if (value === was || value === '') return [];
    const rest = name === 'text' && typeof value === 'string' && typeof was === 'string' && value.startsWith(was) ? value.slice(was.length).trimStart() : value;
    return rest === '' ? [] : [[name, rest]];
  });
  return left.length > 0 ? (Object.fromEntries(left) as Draft) : null;
}
