// Why incidents were late in the last thirty days: which part of the response spent the time.
import { causes } from '../logic/past.ts';
import type { Past } from '../state/past.ts';
import { percent } from '../text.ts';
import { say } from '../words.ts';
import { ReadLine } from './read_line.tsx';

export function CausesPane({ past }: { past: Past }) {
  const report = past.trend.value.value;
  const rows = report ? causes(report.whole.causes) : [];
  const most = rows[0]?.count ?? 1;
  return (
    <section class="panel causes" aria-labelledby="causes-head" data-test="causes">
      <h2 id="causes-head">{say('cause.title')}</h2>
      {report && rows.length === 0 && <p class="dim">{say('cause.none')}</p>}
      <ul>
        {rows.map(({ segment, count, share }) => (
          <li key={segment} data-cause={segment}>
            <span class="line"><span>{say(`segment.${segment}`)}</span><b class="figures">{say('cause.count', { count, share: percent(share) })}</b></span>
            <svg class="gauge" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect class="all" width="100" height="8" /><rect class="late" width={(count / most) * 100} height="8" />
            </svg>
          </li>
        ))}
      </ul>
      {report && report.whole.unreached > 0 && <p class="small">{say('cause.unreached', { count: report.whole.unreached })}</p>}
      <ReadLine reading={past.trend} at={report?.at} zone={past.area?.zone} />
    </section>
  );
}
