// What the dispatch knows of this phone's place, in one plain line.
import { signal, useSignal } from '@preact/signals';
import { duration } from '../shared/format.ts';
import { ErrorLine } from '../shared/ui.tsx';
import type { Crew } from './crew.ts';
import { gradeOf, healthOf, sleptFor, type Health } from './health.ts';
import { TrackersKey } from './menu.tsx';
import { audible } from './phone.ts';
import type { Tracker } from './tracker.ts';
import { faultText, t } from './words.ts';

/** How long the page was hidden without telling the position, milliseconds. */
const slept = signal<number | null>(null);

/** Notices when the browser has put the page to sleep; gives what ends it. */
export function watchSleep(tracker: Tracker): () => void {
  let hidden_ms: number | null = null;
  const look = () => {
    const { is_source, sent_ms } = tracker.seen.peek();
    if (document.hidden) hidden_ms = Date.now();
    else if (hidden_ms !== null && is_source) slept.value = sleptFor(hidden_ms, sent_ms, Date.now()) ?? slept.peek();
  };
  document.addEventListener('visibilitychange', look);
  return () => document.removeEventListener('visibilitychange', look);
}

const SHAPES = {
  good: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z',
  poor: 'M8 1 15.500 15h-15z',
  bad: 'M3 0 8 5l5-5 3 3-5 5 5 5-3 3-5-5-5 5-3-3 5-5-5-5z',
  none: 'M1 6h14v4H1z',
};

export function HealthLine({ crew }: { crew: Crew }) {
  const wrong = useSignal<unknown>(null);
  const health = healthOf(crew.tracker.seen.value, Date.now());
  const source = crew.riding.value?.source ?? false;
  const shown: Health = source ? health : { is: 'elsewhere' };
  const grade = gradeOf(shown);
  const take = () => crew.takeSource().then(() => (wrong.value = null), (error) => (wrong.value = error));
  return (
    <>
      <p class="line figures" data-grade={grade} data-test="health" data-is={shown.is}>
        <svg viewBox="0 0 16 16" aria-hidden="true"><path d={SHAPES[grade]} /></svg>
        <span>{healthText(shown)}</span>
        {shown.is === 'elsewhere' && <button type="button" onClick={take}>{t('health.take')}</button>}
      </p>
      <ErrorLine>{faultText(wrong.value)}</ErrorLine>
      {source && slept.value !== null && (
        <section class="notice" role="alert" data-test="slept">
          <p>{t('health.slept', { time: duration(slept.value) })}</p>
          <TrackersKey unit={crew.riding.value?.unit ?? ''} label={t('health.slept.how')} />
          <button type="button" onClick={() => (slept.value = null)}>{t('notice.ok')}</button>
        </section>
      )}
      {!audible.value && <p class="line" data-grade="poor">{t('health.mute')}</p>}
    </>
  );
}

export function healthText(health: Health): string {
  switch (health.is) {
    case 'good': return health.accuracy_m === null ? t('health.good.plain', { age: health.age_s })
      : t('health.good', { age: health.age_s, accuracy: health.accuracy_m });
    case 'vague': return t('health.vague', { age: health.age_s, accuracy: health.accuracy_m });
    case 'late': return t('health.late', { age: health.age_s });
    case 'tunnel': return t('health.tunnel', { cut: duration(health.cut_s * 1_000), waiting: health.waiting });
    case 'no_gps': return t('health.no_gps', { cut: duration(health.for_s * 1_000) });
    default: return t(`health.${health.is}`);
  }
}
