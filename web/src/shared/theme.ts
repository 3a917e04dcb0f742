// Dark by default, for rooms at night; light by switch, for the sun.
import { effect, signal } from '@preact/signals';
import { keep, kept } from './kept.ts';

export type Theme = 'dark' | 'light';

const KEPT = 'sigap.theme';

export const theme = signal<Theme>(kept(KEPT) === 'light' ? 'light' : 'dark');

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  keep(KEPT, theme.value);
});
