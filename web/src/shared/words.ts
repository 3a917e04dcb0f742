// The words that all screens share, and errors as sentences.
import { words } from './i18n.ts';
import { Offline, Problem } from './problem.ts';
import { en } from './words/en.ts';
import { id } from './words/id.ts';

/** The shared words. Each screen has its own beside them. */
export const say = words(id, en);

/** What went wrong, for the person at the screen. */
export function errorText(error: unknown): string {
  if (error instanceof Offline) return say('error.offline');
  // A fault of this page: the screen goes on.
  if (!(error instanceof Problem)) return say('error.other', { detail: String(error) });
  if (error.code === 'too_many') return say('error.too_many', { seconds: error.details.retry_after_s ?? 1 });
  const key = `error.${error.code}`;
  return isPlain(key) ? say(key) : say('error.other', { detail: error.details.detail });
}

type Plain = Exclude<Extract<keyof typeof id, `error.${string}`>, 'error.too_many' | 'error.other'>;

function isPlain(key: string): key is Plain {
  return key in id && key !== 'error.too_many' && key !== 'error.other';
}
