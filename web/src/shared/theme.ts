// Dark by default, for rooms at night; light by switch, for the sun.
import { effect, signal } from '@preact/signals';

export type Theme = 'dark' | 'light';

const KEPT = 'sigap.theme';

export const theme = signal<Theme>(localStorage.getItem(KEPT) === 'light' ? 'light' : 'dark');

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  localStorage.setItem(KEPT, theme.value);
});
