// The cities of a region or of the nation, each with its figures, and all of them together.
import type { Standing } from '../../gen/frames.ts';
import type { Area } from '../../shared/screen.tsx';
import { SlaShape } from '../../shared/shapes.tsx';
import { verdict } from '../logic/live.ts';
import type { Live } from '../state/live.ts';
import { remember } from '../state/wall.ts';
import { percent, shareText } from '../text.ts';
import { say } from '../words.ts';
import { VerdictShape } from './now.tsx';

export function CitiesPane({ live, areas, choices }: { live: Live; areas: Area[]; choices: Area[] }) {
  const told = live.told.value;
  if (!told) return null;
  const nameOf = (code: string) => areas.find((area) => area.code === code)?.name ?? code;
  const go = (code: string) => {
    live.choose(code);
    remember('area', code);
  };
  return (
    <section class="panel cities" aria-labelledby="cities-head" data-test="cities">
      <h2 id="cities-head">{say('cities.title')}</h2>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="cities-head">
        <table>
          <thead>
            <tr>
              <th scope="col">{say('cities.city')}</th>
              {(['now.open', 'cities.waiting', 'now.risk', 'now.late', 'cities.share', 'cities.free'] as const).map((key) => <th key={key} scope="col">{say(key)}</th>)}
            </tr>
          </thead>
          <tbody>
            {live.cities.value.map(({ area, standing, units }) => (
              <tr key={area} data-city={area}>
                <th scope="row">
                  {choices.some(({ code }) => code === area)
                    ? <button type="button" class="link" onClick={() => go(area)}>{nameOf(area)}</button> : nameOf(area)}
                </th>
                <Cells standing={standing} free={units.available} />
              </tr>
            ))}
          </tbody>
          <tfoot><tr><th scope="row">{say('cities.all')}</th><Cells standing={told.standing} free={told.units.available} /></tr></tfoot>
        </table>
      </div>
    </section>
  );
}

function Cells({ standing, free }: { standing: Standing; free: number }) {
  const { open = 0, waiting = 0, at_risk = 0, breached = 0, share_today: share, promised_today: promised } = standing;
  const is = verdict(share, promised);
  return (
    <>
      <td>{open}</td>
      <td>{waiting}</td>
      <td class={at_risk > 0 ? 'risk' : ''}>{at_risk > 0 && <SlaShape is="risk" />} {at_risk}</td>
      <td class={breached > 0 ? 'late' : ''}>{breached > 0 && <SlaShape is="late" />} {breached}</td>
      <td data-verdict={is}><VerdictShape is={is} /> {shareText(share, promised)} / {percent(promised, 1)}</td>
      <td>{free}</td>
    </>
  );
}
