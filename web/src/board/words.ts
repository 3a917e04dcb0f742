// The board's words.
import { words } from '../shared/i18n.ts';
import { en } from './words/en.ts';
import { id } from './words/id.ts';

export const say = words(id, en);
