// The month on paper and as a table.
import { useSignal } from '@preact/signals';
import type { Api } from '../../shared/api.ts';
import { serverNow } from '../../shared/clock.ts';
import { dayKey } from '../../shared/format.ts';
import { LoggedOut } from '../../shared/problem.ts';
import type { Area } from '../../shared/screen.tsx';
import { ErrorLine } from '../../shared/ui.tsx';
import { errorText } from '../../shared/words.ts';
import { monthsTo } from '../logic/past.ts';
import { GROUPINGS, openPage, saveTable, type Grouping } from '../state/papers.ts';
import { monthText } from '../text.ts';
import { say } from '../words.ts';

/** Months that may be chosen. */
const MONTHS = 24;

export function PapersPane({ api, area }: { api: Api; area: Area }) {
  const months = monthsTo(dayKey(serverNow(), area.zone), MONTHS);
  const month = useSignal(months[0]!);
  const by = useSignal<Grouping>('day');
  const busy = useSignal(false);
  const wrong = useSignal<string | null>(null);
  const run = async (work: () => Promise<void>) => {
    busy.value = true;
    wrong.value = null;
    try {
      await work();
    } catch (error) {
      // A login that has ended shows by itself.
      if (!(error instanceof LoggedOut)) wrong.value = errorText(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <section class="panel papers" aria-labelledby="papers-head">
      <h2 id="papers-head">{say('paper.title')}</h2>
      <div class="line">
        <label>{say('paper.month')}
          <select data-test="month" value={month.value} onChange={(event) => (month.value = event.currentTarget.value)}>
            {months.map((one) => <option key={one} value={one}>{monthText(one)}</option>)}
          </select>
        </label>
        <button type="button" class="primary" data-test="page" disabled={busy.value} onClick={() => run(() => openPage(api, area.code, month.value))}>{say('paper.page')}</button>
      </div>
      <div class="line">
        <label>{say('paper.by')}
          <select data-test="by" value={by.value} onChange={(event) => (by.value = event.currentTarget.value as Grouping)}>
            {GROUPINGS.map((one) => <option key={one} value={one}>{say(`by.${one}`)}</option>)}
          </select>
        </label>
        <button type="button" data-test="table" disabled={busy.value} onClick={() => run(() => saveTable(api, area.code, month.value, by.value))}>{say('paper.table')}</button>
      </div>
      {busy.value && <p class="dim" role="status">{say('paper.busy')}</p>}
      <ErrorLine>{wrong.value}</ErrorLine>
    </section>
  );
}
