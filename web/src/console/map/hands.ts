// Hands on the map: drag the ground, drag a unit onto an incident, wheel, keys.
import type { Point } from '../../shared/map/place.ts';
import type { CityMap } from './map.ts';

/** A press that moves less than this is a click, pixels. */
const STILL_PX = 5;
const STEP_PX = 80;

/** Listens; gives what ends it. */
export function handle(map: CityMap): () => void {
  const { canvas } = map.parts;
  let from: Point | null = null;
  let last: Point | null = null;
  let moved = false;
  const at = (event: MouseEvent): Point => ({ x: event.offsetX, y: event.offsetY });
  const drop = () => {
    from = last = map.drag = null;
    map.redraw();
  };
  const hear = {
    pointerdown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      from = last = at(event);
      moved = false;
      const { unit } = map.under(from);
      map.drag = unit ? { unit: unit.id, at: from } : null;
    },
    pointermove: (event: PointerEvent) => {
      const now = at(event);
      if (!from || !last) return;
      moved ||= Math.hypot(now.x - from.x, now.y - from.y) > STILL_PX;
      if (!moved) return;
      if (map.drag) map.drag = { ...map.drag, at: now };
      else map.ground.pan(now.x - last.x, now.y - last.y);
      map.touched = true;
      last = now;
      map.redraw();
    },
    pointerup: (event: PointerEvent) => {
      if (!from) return;
      if (!moved) map.click(from);
      else if (map.drag) map.drop(map.drag.unit, at(event));
      drop();
    },
    pointercancel: drop,
    wheel: (event: WheelEvent) => {
      event.preventDefault();
      map.touched = true;
      map.ground.zoomBy(Math.min(Math.max(-event.deltaY / 300, -1), 1), at(event));
      map.redraw();
    },
    keydown: (event: KeyboardEvent) => {
      const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (pan) map.ground.pan(pan[0]! * STEP_PX, pan[1]! * STEP_PX);
      else if (event.key === '+' || event.key === '=') map.zoom(1);
      else if (event.key === '-') map.zoom(-1);
      else return;
      event.preventDefault();
      map.redraw();
    },
  };
  for (const [kind, listener] of Object.entries(hear)) canvas.addEventListener(kind, listener as EventListener, { passive: false });
  return () => {
    for (const [kind, listener] of Object.entries(hear)) canvas.removeEventListener(kind, listener as EventListener);
  };
}
