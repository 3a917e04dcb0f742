// The map pane: keys around a canvas that is drawn when something moved.
import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { chosen, grid } from '../state/ui.ts';
import { say } from '../words.ts';
import { CityMap } from './map.ts';

export function MapPane({ desk, orders }: { desk: Desk; orders: Orders }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const below = useRef<HTMLDivElement>(null);
  const kind = useMemo(() => signal<'canvas' | 'gl'>('canvas'), []);
  const map = useRef<CityMap>(undefined);
  useEffect(() => {
    const made = new CityMap({ canvas: canvas.current!, below: below.current!, desk, orders, onKind: (now) => (kind.value = now) });
    map.current = made;
    return () => made.end();
  }, []);
  return (
    <section class="pane map" aria-labelledby="map-head" data-pane="2">
      <h2 id="map-head" class="hidden">{say('pane.map')}</h2>
      <div class="below" ref={below} />
      <canvas ref={canvas} tabIndex={0} role="application" aria-label={say('map.label')} data-test="map" data-kind={kind.value} />
      <div class="map-keys">
        <button type="button" aria-label={say('map.in')} onClick={() => map.current?.zoom(1)}>+</button>
        <button type="button" aria-label={say('map.out')} onClick={() => map.current?.zoom(-1)}>−</button>
        <button type="button" onClick={() => map.current?.fitCity()}>{say('map.fit')}</button>
        {chosen.value?.is === 'incident' && <button type="button" onClick={() => map.current?.goTo()}>{say('map.follow')}</button>}
        <button type="button" aria-pressed={grid.value} data-test="grid" onClick={() => (grid.value = !grid.value)}>{say('map.grid')}</button>
        <span class="dim kind">{say(kind.value === 'gl' ? 'map.gl' : 'map.canvas')}</span>
      </div>
      {desk.basemap.value?.attribution && <p class="attribution" data-test="attribution">{desk.basemap.value.attribution}</p>}
    </section>
  );
}
