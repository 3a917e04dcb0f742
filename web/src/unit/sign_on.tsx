// Which unit does this phone ride with?
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { components } from '../gen/api.ts';
import { ErrorLine } from '../shared/ui.tsx';
import type { Crew } from './crew.ts';
import { faultText, t } from './words.ts';

type Unit = components['schemas']['UnitBody'];

export function SignOn({ crew }: { crew: Crew }) {
  const { api, areas, session } = crew.work;
  const cities = useComputed(() => {
    const grants = session.login.value?.grants.filter((grant) => grant.role === 'officer').map((grant) => grant.area) ?? [];
    const all = areas.value.filter((area) => area.level === 'city');
    const own = all.filter((area) => grants.includes(area.code));
    return own.length > 0 ? own : all;
  });
  const wanted = useSignal<string | null>(null);
  const area = useComputed(() => wanted.value ?? cities.value[0]?.code ?? null);
  const units = useSignal<Unit[] | null>(null);
  const find = useSignal('');
  const chosen = useSignal<string | null>(crew.lastUnit);
  const is_source = useSignal(true);
  const busy = useSignal(false);
  const wrong = useSignal<unknown>(null);

  useSignalEffect(() => {
    const code = area.value;
    // Asked again with each new line: without a network there was no list.
    if (code === null || !crew.reach.up.value) return;
    api.get('/areas/{code}/units', { path: { code } }).then((told) => {
      units.value = told;
      wrong.value = null;
    }, (error) => (wrong.value = error));
  });

  const go = async () => {
    if (chosen.value === null) return;
    busy.value = true;
    wrong.value = null;
    await crew.signOn(chosen.value, is_source.value).catch((error) => (wrong.value = error));
    busy.value = false;
  };

  const text = find.value.trim().toUpperCase();
  const listed = (units.value ?? []).filter((unit) => unit.id.includes(text));
  const ordered = [...listed].sort((a, b) => Number(b.id === crew.lastUnit) - Number(a.id === crew.lastUnit));
  return (
    <>
      <section class="sign-on">
        <h2>{t('on.title')}</h2>
        <p class="dim">{t('ride.none')}</p>
        {cities.value.length > 1 && (
          <label>{t('on.area')}
            <select value={area.value ?? ''} onChange={(event) => (wanted.value = event.currentTarget.value)}>
              {cities.value.map(({ code, name }) => <option key={code} value={code}>{name}</option>)}
            </select>
          </label>
        )}
        {(units.value?.length ?? 0) > 6 && (
          <label>{t('on.find')}
            <input type="search" autocapitalize="characters" autocomplete="off" value={find.value}
              onInput={(event) => (find.value = event.currentTarget.value)} />
          </label>
        )}
        {units.value === null && wrong.value === null && <p class="dim">{t('on.reading')}</p>}
        {units.value !== null && listed.length === 0 && <p>{t('on.none')}</p>}
        <div class="units" role="radiogroup" aria-label={t('on.title')}>
          {ordered.map((unit) => (
            <label key={unit.id} class="choice" data-free={unit.availability}>
              <input type="radio" name="unit" value={unit.id} checked={chosen.value === unit.id} onChange={() => (chosen.value = unit.id)} />
              <b>{unit.id}</b>
              <span>{t(`ride.${unit.kind}`)}{unit.id === crew.lastUnit ? ` · ${t('on.last')}` : ''}</span>
              <span class="state">{t(`state.${unit.availability as 'free' | 'busy' | 'off'}`)}</span>
            </label>
          ))}
        </div>
      </section>
      <div class="acts">
        <label class="check">
          <input type="checkbox" checked={is_source.value} onChange={(event) => (is_source.value = event.currentTarget.checked)} />
          <span>{t('on.source')}<small>{t('on.source.why')}</small></span>
        </label>
        <p class="dim small">{t('on.screen')}</p>
        <ErrorLine>{faultText(wrong.value)}</ErrorLine>
        <button type="button" class="act" data-act="go" data-test="sign-on" disabled={busy.value || chosen.value === null} onClick={go}>
          {busy.value ? t('on.going') : t('on.go', { unit: chosen.value ?? '…' })}
        </button>
      </div>
    </>
  );
}
