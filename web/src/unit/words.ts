// The words of the officer's app.
import { words } from '../shared/i18n.ts';
import { LoggedOut } from '../shared/problem.ts';
import { errorText } from '../shared/words.ts';
import { en } from './words/en.ts';
import { id } from './words/id.ts';

export const t = words(id, en);

/** What went wrong with a request, for the officer. That the login has ended shows by itself. */
export function faultText(error: unknown): string | null {
  return error === null || error instanceof LoggedOut ? null : errorText(error);
}
