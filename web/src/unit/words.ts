// The words of the officer's app.
import { words } from '../shared/i18n.ts';
import { en } from './words/en.ts';
import { id } from './words/id.ts';

export const t = words(id, en);
