// What happened, where, how urgent, and how long the promise still holds.
import { tick } from '../shared/clock.ts';
import { districtName } from '../shared/districts.ts';
import { duration } from '../shared/format.ts';
import type { Job } from './jobs.ts';
import { kindName } from './kinds.ts';
import { t } from './words.ts';

export function SceneCard({ job, arrives = true }: { job: Job; arrives?: boolean }) {
  const { scene } = job;
  if (!scene) return <div class="scene"><p>{t('job.unknown')}</p></div>;
  const left_ms = scene.start_ms + scene.target_ms - tick.value;
  const time = duration(Math.abs(left_ms));
  return (
    <div class="scene" data-test="scene">
      <p class="what">
        <b class="priority" data-priority={scene.priority}>{scene.priority}</b>
        <b>{kindName(scene)}</b>
        <span class="dim figures">{job.incident}</span>
      </p>
      <p>
        <span class="dim">{t('job.where')}: </span>
        <b>{scene.district ? t('job.district', { district: districtName(job.incident, scene.district) }) : `${scene.place.lat.toFixed(4)}, ${scene.place.lng.toFixed(4)}`}</b>
        {scene.travel_ms !== null && arrives && <>, {t('job.travel', { minutes: Math.max(1, Math.round(scene.travel_ms / 60_000)) })}</>}
      </p>
      {arrives && (
        <p class="figures promise" data-late={left_ms < 0}>
          <span class="dim">{t('job.promise')}: </span>
          <b>{left_ms < 0 ? t('job.promise.over', { time }) : t('job.promise.left', { time })}</b>
        </p>
      )}
      {scene.notes.length > 0 && <p class="last-note">{scene.notes[scene.notes.length - 1]?.text}</p>}
    </div>
  );
}

/** The phone's own map app finds the way. */
export function Navigate({ job }: { job: Job }) {
  if (!job.scene) return null;
  const { lat, lng } = job.scene.place;
  const at = `${lat.toFixed(6)},${lng.toFixed(6)}`;
  return (
    <a class="wide button" data-test="navigate" href={`geo:${at}?q=${at}(${encodeURIComponent(job.incident)})`}>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M21 3 3 10.500l7.500 3L13.500 21z" /></svg>
      {t('job.go')}
    </a>
  );
}
