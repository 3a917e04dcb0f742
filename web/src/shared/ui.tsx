// Small pieces that every screen has.
import type { ComponentChildren } from 'preact';
import { lang } from './i18n.ts';
import { theme } from './theme.ts';
import { say } from './words.ts';

/** The other language, in that language. */
export function LangSwitch() {
  const other = lang.value === 'id' ? 'en' : 'id';
  return (
    <button type="button" lang={other} data-test="lang" onClick={() => (lang.value = other)}>
      {say('lang.other')}
    </button>
  );
}

export function ThemeSwitch() {
  const other = theme.value === 'dark' ? 'light' : 'dark';
  return (
    <button type="button" data-test="theme" onClick={() => (theme.value = other)}>
      {say(`theme.${other}`)}
    </button>
  );
}

/** What went wrong, read out at once. */
export function ErrorLine({ children }: { children: ComponentChildren }) {
  return children ? <p class="error" role="alert">{children}</p> : null;
}
