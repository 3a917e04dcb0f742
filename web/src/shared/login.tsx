// Name and password.
import { useSignal } from '@preact/signals';
import type { Session } from './session.ts';
import { ErrorLine, LangSwitch, ThemeSwitch } from './ui.tsx';
import { errorText, say } from './words.ts';

export function Login({ session, title }: { session: Session; title: string }) {
  const [name, password] = [useSignal(''), useSignal('')];
  const shown = useSignal(false);
  const busy = useSignal(false);
  const wrong = useSignal<unknown>(null);

  const go = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    wrong.value = null;
    try {
      await session.logIn(name.value.trim(), password.value);
    } catch (error) {
      wrong.value = error;
    } finally {
      busy.value = false;
    }
  };

  return (
    <main class="door">
      <h1><b>SIGAP</b> · {title}</h1>
      <form onSubmit={go} aria-label={say('login.title')}>
        <label>
          {say('login.name')}
          <input name="login" autocomplete="username" autocapitalize="none" spellcheck={false} required
            value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        </label>
        <label>
          {say('login.password')}
          <input name="password" type={(shown.value ? 'text' : 'password') as 'password'} autocomplete="current-password" required
            value={password.value} onInput={(event) => (password.value = event.currentTarget.value)} />
        </label>
        <label class="check">
          <input type="checkbox" checked={shown.value} onChange={(event) => (shown.value = event.currentTarget.checked)} />
          {say('login.show')}
        </label>
        <ErrorLine>{wrong.value ? errorText(wrong.value) : null}</ErrorLine>
        <button class="primary" disabled={busy.value}>{say(busy.value ? 'login.going' : 'login.go')}</button>
      </form>
      <div class="switches"><LangSwitch /><ThemeSwitch /></div>
    </main>
  );
}
