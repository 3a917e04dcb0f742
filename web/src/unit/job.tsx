// The work in hand: one big button for the next step, the way there, what is known.
import { useSignal } from '@preact/signals';
import type { Disposition, DispatchStatus } from '../gen/frames.ts';
import type { Crew } from './crew.ts';
import type { Job } from './jobs.ts';
import { kindName } from './kinds.ts';
import { Notes } from './notes.tsx';
import { wake } from '../shared/awake.ts';
import { districtName } from '../shared/districts.ts';
import { Navigate, SceneCard } from './scene.tsx';
import { useSettled } from './settled.ts';
import { stepsFrom, type Step } from './steps.ts';
import { t } from './words.ts';

const DISPOSITIONS: readonly Disposition[] = ['handled', 'nothing_found', 'referred', 'cancelled_by_caller', 'duplicate', 'invalid'];

export function Idle() {
  return (
    <section class="idle">
      <p>{t('status.free.hint')}</p>
      {wake.value === 'off' && <p class="line" data-grade="poor">{t('health.dim')}</p>}
    </section>
  );
}

export function Current({ crew, job, status, queued }: { crew: Crew; job: Job; status: DispatchStatus; queued: Job[] }) {
  const clears = useSignal(false);
  const next = stepsFrom(status)[0];
  const rests = !useSettled(`${job.dispatch} ${status} ${clears.value}`);
  return (
    <>
      <section class="job">
        <SceneCard job={job} arrives={status !== 'on_scene'} />
        {status === 'on_scene' && <Arrived job={job} />}
        <Notes crew={crew} job={job} />
        <Queued jobs={queued} />
      </section>
      {clears.value ? (
        <fieldset class="acts" disabled={rests} aria-label={t('clear.title')}>
          <h3>{t('clear.title')}</h3>
          <div class="grid">
            {DISPOSITIONS.map((how) => (
              <button key={how} type="button" class="wide" data-test={`clear-${how}`}
                onClick={() => crew.step(job, 'cleared', { disposition: how })}>{t(`clear.${how}`)}</button>
            ))}
          </div>
          <button type="button" class="back" onClick={() => (clears.value = false)}>{t('clear.back')}</button>
        </fieldset>
      ) : (
        <fieldset class="acts" disabled={rests} aria-label={t('job.acts')}>
          {status !== 'on_scene' && <Navigate job={job} />}
          {(next === 'en_route' || next === 'on_scene') && <Act step={next} onTap={() => crew.step(job, next)} />}
          {next === 'cleared' && <Act step="cleared" onTap={() => (clears.value = true)} />}
          <div class="pair">
            {status === 'accepted' && <button type="button" class="back" onClick={() => crew.step(job, 'on_scene')}>{t('step.arrive_now')}</button>}
            {status !== 'on_scene' && <button type="button" class="back" onClick={() => (clears.value = true)}>{t('step.early')}</button>}
          </div>
        </fieldset>
      )}
    </>
  );
}

function Act({ step, onTap }: { step: Exclude<Step, 'accepted' | 'declined'>; onTap: () => void }) {
  return <button type="button" class="act" data-act={step} data-test={`step-${step}`} onClick={onTap}>{t(`step.${step}`)}</button>;
}

function Arrived({ job: { arrival } }: { job: Job }) {
  if (!arrival) return null;
  const { verified, distance_m } = arrival;
  const distance = Math.round(distance_m ?? 0);
  const text = distance_m === null || distance_m === undefined ? t('job.arrived.blind')
    : verified ? t('job.arrived', { distance }) : t('job.arrived.far', { distance });
  return <p class="line" data-grade={verified ? 'good' : 'poor'} data-test="arrival">{text}</p>;
}

export function Queued({ jobs }: { jobs: Job[] }) {
  return jobs.length === 0 ? null : (
    <section class="queued" data-test="queued">
      <h3>{t('job.queued')} ({jobs.length})</h3>
      <ul>
        {jobs.map((job) => (
          <li key={job.dispatch}>
            <b>{job.scene ? `${job.scene.priority} ${kindName(job.scene)}` : job.incident}</b>
            {job.scene?.district ? ` · ${t('job.district', { district: districtName(job.incident, job.scene.district) })}` : ''}
          </li>
        ))}
      </ul>
    </section>
  );
}
