// What is seldom needed, out of the thumb's way: language, display, trackers, signing off.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { ErrorLine, LangSwitch, ThemeSwitch } from '../shared/ui.tsx';
import type { Crew } from './crew.ts';
import { faultText, t } from './words.ts';

const TRACKERS = [
  ['Traccar Client', 'https://www.traccar.org/client/'],
  ['OsmAnd', 'https://osmand.net/'],
  ['OwnTracks', 'https://owntracks.org/'],
] as const;

export function MenuKey({ crew, unit }: { crew: Crew; unit: string }) {
  const open = useSignal(false);
  const sure = useSignal(false);
  const wrong = useSignal<unknown>(null);
  const close = () => {
    open.value = false;
    sure.value = false;
    wrong.value = null;
  };
  const off = () => (sure.value ? crew.signOff().then(close, (error) => (wrong.value = error)) : (sure.value = true));
  return (
    <>
      <button type="button" class="menu-key" data-test="menu" aria-haspopup="dialog" onClick={() => (open.value = true)}>{t('menu.title')}</button>
      {open.value && (
        <Sheet title={t('menu.title')} onClose={close}>
          <LangSwitch />
          <ThemeSwitch />
          <Trackers unit={unit} />
          <ErrorLine>{faultText(wrong.value)}</ErrorLine>
          <button type="button" class="wide off" data-test="sign-off" onClick={off}>
            {sure.value ? t('menu.off.sure', { unit }) : t('menu.off', { unit })}
          </button>
        </Sheet>
      )}
    </>
  );
}

export function TrackersKey({ unit, label }: { unit: string; label: string }) {
  const open = useSignal(false);
  return (
    <>
      <button type="button" onClick={() => (open.value = true)}>{label}</button>
      {open.value && <Sheet title={t('menu.trackers')} onClose={() => (open.value = false)}><Trackers unit={unit} /></Sheet>}
    </>
  );
}

function Trackers({ unit }: { unit: string }) {
  return (
    <div class="trackers">
      <h3>{t('menu.trackers')}</h3>
      <p>{t('menu.trackers.why')}</p>
      <ul>{TRACKERS.map(([name, at]) => <li key={name}><a href={at} target="_blank" rel="noreferrer">{name}</a></li>)}</ul>
      <p>{t('menu.trackers.how', { unit })}</p>
    </div>
  );
}

function Sheet({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const sheet = useRef<HTMLDialogElement>(null);
  useEffect(() => sheet.current?.showModal(), []);
  return (
    <dialog ref={sheet} class="sheet" aria-label={title} onClose={onClose}>
      <div class="inner">
        {children}
        <button type="button" class="wide" data-test="close" onClick={() => sheet.current?.close()}>{t('menu.close')}</button>
      </div>
    </dialog>
  );
}
