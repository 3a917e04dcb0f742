// Who calls: the masked number, how it ended before, and what supervisors said. Nobody is judged by it before they speak.
import { useSignal } from '@preact/signals';
import { clock, day } from '../../shared/format.ts';
import { errorText } from '../../shared/words.ts';
import type { Desk } from '../state/desk.ts';
import { areaOf, type Report } from '../state/picture.ts';
import { useRead } from '../state/reads.ts';
import { tell } from '../state/ui.ts';
import { kindText, zoneOf } from '../text.ts';
import { say } from '../words.ts';

const RECENT_MAX = 4;

export function Caller({ report, desk }: { report: Report; desk: Desk }) {
  const { id } = report;
  const zone = zoneOf(desk, areaOf(id));
  const read = useRead([id], () => desk.work.api.get('/reports/{id}/caller', { path: { id } }), undefined, report.caller);
  const number = useSignal<string | null>(null);
  const unmask = () => desk.work.api.command('post', '/reports/{id}/caller/unmask', { path: { id }, body: { purpose: 'callback' } })
    .then((told) => (number.value = told.number), (error: unknown) => tell(errorText(error), true));
  const known = read.value.value;
  const before = known?.recent.filter((one) => one.report !== id).slice(0, RECENT_MAX) ?? [];
  return (
    <section aria-labelledby="caller-head" data-test="caller">
      <h3 id="caller-head">{say('caller.title')}</h3>
      <p class="line figures">
        <b data-test="number">{number.value ?? report.caller ?? say('caller.unknown')}</b>
        {report.caller && number.value === null && (
          <button type="button" data-test="unmask" title={say('caller.purpose')} onClick={unmask}>{say('caller.number')}</button>
        )}
      </p>
      {known && known.flags.filter((flag) => flag.in_force).map((flag) => (
        <p key={flag.id} class="warn">⚑ {say('caller.flag', {
          grade: say(`grade.${flag.in_force?.grade ?? flag.grade}`), day: day(flag.in_force?.until ?? flag.until, zone), reason: flag.reason ?? '',
        })}</p>
      ))}
      {known && report.caller && (
        <p class="dim figures">{known.counts.all > 1
          ? say('caller.counts', { all: known.counts.all, valid: known.counts.valid, silent: known.counts.silent,
              invalid: Object.values(known.counts.invalid as Record<string, number>).reduce((sum, one) => sum + one, 0) })
          : say('caller.first')}</p>
      )}
      {before.length > 0 && (
        <ul class="before">
          {before.map((one) => (
            <li key={one.report}>
              <span class="figures dim">{day(one.rung, zone)} {clock(one.rung, zone)}</span> {kindText(desk.kinds.value, one.kind)} · {say(`rstatus.${one.status}`)}
              {one.invalid ? ` · ${say(`reason.${one.invalid}`)}` : ''}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
