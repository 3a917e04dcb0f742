// The right pane: the report or the incident that is chosen.
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { chosen } from '../state/ui.ts';
import { say } from '../words.ts';
import { IncidentView } from './incident.tsx';
import { ReportView } from './report.tsx';

export function DetailPane({ desk, orders }: { desk: Desk; orders: Orders }) {
  void desk.changed.value;
  const what = chosen.value;
  const { reports, incidents } = desk.picture;
  const report = what?.is === 'report' ? reports.get(what.id) : undefined;
  const incident = what?.is === 'incident' ? incidents.get(what.id) : undefined;
  return (
    <section class="pane detail" aria-label={say('pane.detail')} data-pane="4" data-test="detail">
      {report && <ReportView key={report.id} report={report} desk={desk} orders={orders} />}
      {incident && <IncidentView key={incident.id} incident={incident} desk={desk} orders={orders} />}
      {!what && <p class="dim">{say('detail.none')}</p>}
      {what && !report && !incident && <p class="dim">{say('detail.gone', { name: what.id })}</p>}
    </section>
  );
}
