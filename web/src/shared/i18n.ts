// Words in two languages. `id.ts` of each screen names the keys; `en.ts` must have the same ones, and each text is given
// the values that it has places for, or it does not compile:
//
//   const t = words(id, en);
//   t('login.wait', { seconds: 5 })
import { effect, signal } from '@preact/signals';
import { keep, kept } from './kept.ts';

export type Lang = 'id' | 'en';

const KEPT = 'sigap.lang';

/** The language of this screen; Indonesian unless somebody chose otherwise. */
export const lang = signal<Lang>(kept(KEPT) === 'en' ? 'en' : 'id');

effect(() => {
  document.documentElement.lang = lang.value;
  keep(KEPT, lang.value);
});

type Texts = Record<string, string>;
/** The same keys as the Indonesian ones, no more and no fewer. */
export type Same<T extends Texts> = { readonly [K in keyof T]: string };

type Places<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;
type Values<S extends string> = [Places<S>] extends [never] ? [] : [values: Record<Places<S>, string | number>];
/** A key whose text has no places. */
export type Plain<T extends Texts> = { [K in keyof T]: [Places<T[K]>] extends [never] ? K : never }[keyof T] & string;

export type Translate<T extends Texts> = <K extends keyof T & string>(key: K, ...values: Values<T[K]>) => string;

/** A screen's words. Read inside a component, they follow the language. */
export function words<const T extends Texts>(id: T, en: Same<T>): Translate<T> {
  return (key, ...[values]) => fill((lang.value === 'id' ? id : en)[key] ?? key, values);
}

function fill(text: string, values?: Record<string, string | number>): string {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}
