// How the area stands at this moment: the share of today beside the promise, what is open, what the units do.
import type { ToldBoard, UnitCounts } from '../../gen/frames.ts';
import { duration } from '../../shared/format.ts';
import { SlaShape, UnitShape } from '../../shared/shapes.tsx';
import { verdict, type Verdict } from '../logic/live.ts';
import { percent, shareText, VERDICT_SHAPES } from '../text.ts';
import { say } from '../words.ts';

export const UNITS = [
  ['available', 'free'], ['dispatched', 'dispatched'], ['en_route', 'enroute'], ['on_scene', 'onscene'], ['out_of_service', 'oos'], ['off_duty', 'off'],
] as const;

export function NowPane({ told }: { told: ToldBoard }) {
  const { standing } = told;
  return (
    <section class="now" aria-labelledby="now-head">
      <h2 id="now-head" class="hidden">{say('now.title')}</h2>
      <ShareTile standing={standing} />
      <Count name="open" count={standing.open} />
      <Count name="waiting" count={standing.waiting} />
      <Count name="risk" count={standing.at_risk} />
      <Count name="late" count={standing.breached} />
      <ResponseTile standing={standing} />
      <UnitsTile units={told.units} />
    </section>
  );
}

export function ShareTile({ standing }: { standing: ToldBoard['standing'] }) {
  const { share_today: share, promised_today: promised, decided_today = 0, within_target_today = 0, verified_today = 0, excluded_today = 0 } = standing;
  const is = verdict(share, promised);
  return (
    <div class="tile share" data-verdict={is} data-test="share">
      <h3>{say('share.title')}</h3>
      <p class="line">
        <strong class="figure figures">{share == null ? say('share.none') : shareText(share, promised)}</strong>
        {promised != null && <span class="promised">{say('share.promised', { share: percent(promised, 1) })}</span>}
      </p>
      <Gauge share={share} promised={promised} />
      <p class="line verdict"><VerdictShape is={is} /> {say(`verdict.${is}`)}</p>
      {decided_today > 0 && (
        <p class="small">
          {say('share.of', { kept: within_target_today, decided: decided_today })} · {say('share.verified', { count: verified_today })}
          {excluded_today > 0 && <> · {say('share.excluded', { count: excluded_today })}</>}
        </p>
      )}
    </div>
  );
}

export function VerdictShape({ is }: { is: Verdict }) {
  const shape = VERDICT_SHAPES[is];
  return shape && <SlaShape is={shape} />;
}

/** A bar with a notch at what was promised. */
function Gauge({ share, promised }: { share: number | null | undefined; promised: number | null | undefined }) {
  return (
    <svg class="gauge" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="all" width="100" height="8" />
      {share != null && <rect class="kept" width={share * 100} height="8" />}
      {promised != null && <rect class="notch" x={promised * 100 - 0.5} width="1" height="8" />}
    </svg>
  );
}

const SHAPES = { open: null, waiting: 'oos', risk: 'risk', late: 'late' } as const;

export function Count({ name, count = 0 }: { name: keyof typeof SHAPES; count: number | undefined }) {
  const shape = SHAPES[name];
  return (
    <div class="tile count" data-count={name} data-some={count > 0} data-test={`count-${name}`}>
      <h3>
        {(shape === 'risk' || shape === 'late') && <SlaShape is={shape} />} {say(`now.${name}`)}
      </h3>
      <strong class="figure figures">{count}</strong>
    </div>
  );
}

function ResponseTile({ standing: { p50_ms, p90_ms, p95_ms } }: { standing: ToldBoard['standing'] }) {
  const all = [['P50', p50_ms, 'now.p50'], ['P90', p90_ms, 'now.p90'], ['P95', p95_ms, 'now.p95']] as const;
  return (
    <div class="tile response" data-test="response">
      <h3>{say('now.response')}</h3>
      <dl>
        {all.map(([name, ms, key]) => (
          <div key={name}><dt><b>{name}</b> <span class="small">{say(key)}</span></dt><dd class="figures">{ms == null ? '–' : duration(ms)}</dd></div>
        ))}
      </dl>
    </div>
  );
}

export function UnitsTile({ units }: { units: UnitCounts }) {
  return (
    <div class="tile units" data-test="units">
      <h3>{say('units.title')}</h3>
      <ul>
        {UNITS.map(([status, shape]) => (
          <li key={status} data-unit={shape}><UnitShape status={shape} /> <b class="figures">{units[status]}</b> <span>{say(`units.${status}`)}</span></li>
        ))}
      </ul>
      {units.stale > 0 && <p class="small warn">{say('units.stale', { count: units.stale })}</p>}
    </div>
  );
}
