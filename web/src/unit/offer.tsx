// New work: it rings until the crew answers or the time is up.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { serverNow } from '../shared/clock.ts';
import type { Crew } from './crew.ts';
import type { Job } from './jobs.ts';
import { DECLINES, declineText } from './kinds.ts';
import { buzz, ring } from './phone.ts';
import { ANSWER_MS, beat, left } from './ring.ts';
import { SceneCard } from './scene.tsx';
import { useSettled } from './settled.ts';
import { t } from './words.ts';

/** Length of the ring's line in its own units. */
const ROUND = 2 * Math.PI * 44;

export function Offer({ crew, job }: { crew: Crew; job: Job }) {
  const by = job.answer_by ?? job.created_ms + ANSWER_MS;
  const now = useSignal(serverNow());
  const asks = useSignal(false);
  const rests = !useSettled(`${job.dispatch} ${asks.value}`);
  useEffect(() => {
    const timer = setInterval(() => (now.value = serverNow()), 200);
    let next: ReturnType<typeof setTimeout>;
    const sound = () => {
      const { ms } = left(by, serverNow());
      if (ms === 0) return;
      ring();
      next = setTimeout(sound, beat(ms));
    };
    sound();
    return () => {
      clearInterval(timer);
      clearTimeout(next);
      buzz(0);
    };
  }, [by]);

  const { s, share } = left(by, now.value);
  return (
    <>
      <section class="offer" role="alertdialog" aria-label={t('offer.title')} data-test="offer">
        <div class="ring" data-late={s <= 5}>
          <svg viewBox="0 0 100 100" aria-hidden="true">
            <circle cx="50" cy="50" r="44" class="track" />
            <circle cx="50" cy="50" r="44" class="left" stroke-dasharray={ROUND} stroke-dashoffset={ROUND * (1 - share)} transform="rotate(-90 50 50)" />
          </svg>
          <b class="figures" data-test="left">{s}</b>
        </div>
        <p class="figures">{s > 0 ? t('offer.left', { seconds: s }) : t('offer.over')}</p>
        <SceneCard job={job} />
      </section>
      {asks.value ? (
        <fieldset class="acts" disabled={rests} aria-label={t('offer.why')}>
          <h3>{t('offer.why')}</h3>
          {DECLINES.map((why) => (
            <button key={why} type="button" class="wide" onClick={() => crew.step(job, 'declined', { reason: declineText(why) })}>
              {t(`decline.${why}`)}
            </button>
          ))}
          <button type="button" class="back" onClick={() => (asks.value = false)}>{t('decline.back')}</button>
        </fieldset>
      ) : (
        <fieldset class="acts" disabled={rests} aria-label={t('offer.title')}>
          <button type="button" class="act" data-act="accepted" data-test="accept" onClick={() => crew.step(job, 'accepted')}>{t('offer.accept')}</button>
          <button type="button" class="wide" data-test="decline" onClick={() => (asks.value = true)}>{t('offer.decline')}</button>
        </fieldset>
      )}
    </>
  );
}
