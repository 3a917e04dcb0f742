// The panic button: held for two seconds, so that no pocket presses it.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Crew } from './crew.ts';
import { buzz } from './phone.ts';
import { held } from './ring.ts';
import { t } from './words.ts';

export function PanicKey({ crew }: { crew: Crew }) {
  const begun = useRef<number | null>(null);
  const timer = useRef<ReturnType<typeof setInterval>>(undefined);
  const share = useSignal(0);
  const end = () => {
    clearInterval(timer.current);
    begun.current = null;
    share.value = 0;
  };
  const begin = () => {
    if (begun.current !== null) return;
    begun.current = performance.now();
    buzz(80);
    timer.current = setInterval(() => {
      share.value = held(begun.current, performance.now());
      if (share.value < 1) return;
      end();
      crew.panic();
    }, 50);
  };
  useEffect(() => end, []);
  const isKey = (event: KeyboardEvent) => event.key === ' ' || event.key === 'Enter';
  return (
    <button type="button" class="panic" data-test="panic" style={{ '--held': String(share.value) }}
      onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); begin(); }}
      onPointerUp={end} onPointerCancel={end} onContextMenu={(event) => event.preventDefault()} onBlur={end}
      onKeyDown={(event) => { if (isKey(event)) { event.preventDefault(); begin(); } }} onKeyUp={(event) => isKey(event) && end()}>
      {share.value > 0 ? t('panic.more') : t('panic.hold')}
    </button>
  );
}

/** A panic that is not sent yet must not look like help on its way. */
export function PanicWaits({ crew }: { crew: Crew }) {
  if (!crew.outbox.waiting.value.some((tap) => tap.type === 'panic')) return null;
  return <section class="notice alarm" role="alert" data-test="panic-waits"><p>{t('panic.sending')}</p></section>;
}
