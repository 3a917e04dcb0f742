// A map of H3 cells on a canvas: drawn when something changed, at most once per frame.
import { effect } from '@preact/signals';
import { expose } from '../../shared/hook.ts';
import { Coast } from '../../shared/map/coast.ts';
import { colours } from '../../shared/map/colours.ts';
import { PlainGround } from '../../shared/map/ground.ts';
import { drawLines, drawScale } from '../../shared/map/lines.ts';
import { cornersOf, drawBorders, fillCities, type Outline } from '../../shared/map/outlines.ts';
import { boxOf, type Place, type Point } from '../../shared/map/place.ts';
import { theme } from '../../shared/theme.ts';
import type { Mark, Mode } from '../logic/cells.ts';
import { paint } from './tones.ts';

export interface CellScene {
  mode: Mode;
  /** Where the cells are of: another one is shown whole. */
  about: string;
  marks: readonly Mark[];
  /** Cities and their districts; none until they are known. */
  outlines: readonly Outline[];
  /** Where to look while there are no cells. */
  centre: Place;
}

/** (lat, lng). */
type Ring = [number, number][];

/** A cell as wide as this has its number in it, pixels. */
const TEXT_PX = 17;
const STEP_PX = 80;
/** Around a centre without cells, degrees. */
const AROUND_DEG = 0.05;

export class CellMap {
  readonly #canvas: HTMLCanvasElement;
  readonly #ground = new PlainGround();
  readonly #coast = new Coast(() => this.#redraw());
  readonly #ends: (() => void)[] = [];
  readonly #rings = new Map<string, Ring>();
  #scene: CellScene | null = null;
  #fitted = '';
  #frame = 0;
  #frames = 0;
  #scale = 1;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    const watch = new ResizeObserver(() => this.#resize());
    watch.observe(canvas);
    this.#ends.push(() => watch.disconnect(), this.#listen(), effect(() => {
      void theme.value;
      this.#redraw();
    }));
    expose('map', () => this.#known());
    this.#resize();
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    for (const end of this.#ends) end();
  }

  /** Shows cells; outlines that are not told are worked out from the cells' names. */
  async show(scene: CellScene): Promise<void> {
    this.#scene = scene;
    const unknown = scene.marks.filter(({ cell, ring }) => ring === null && !this.#rings.has(cell));
    if (unknown.length > 0) {
      const { cellToBoundary } = await import('h3-js');
      for (const { cell } of unknown) this.#rings.set(cell, cellToBoundary(cell) as Ring);
    }
    if (this.#scene !== scene) return;
    if (this.#fitted !== scene.about && this.#ground.width > 1) this.fit();
    this.#redraw();
  }

  /** Shows the cells that are marked; or the city whole. */
  fit(whole = false): void {
    const scene = this.#scene;
    if (!scene) return;
    const { centre: { lat, lng } } = scene;
    // Their outlines may still have to be worked out.
    const marked = scene.marks.flatMap((mark) => this.#ring(mark)).map(([lat, lng]) => ({ lat, lng }));
    const places = whole || marked.length === 0 ? [...cornersOf(scene.outlines), ...scene.outlines.map(({ centre }) => centre), ...marked] : marked;
    const around = [{ lat: lat - AROUND_DEG, lng: lng - AROUND_DEG }, { lat: lat + AROUND_DEG, lng: lng + AROUND_DEG }];
    const box = boxOf(places.length > 0 ? places : around);
    if (box) this.#ground.fit(box);
    // An empty map is fitted again as soon as there is something on it.
    if (marked.length > 0) this.#fitted = scene.about;
    this.#redraw();
  }

  zoom(steps: number): void {
    this.#ground.zoomBy(steps, { x: this.#ground.width / 2, y: this.#ground.height / 2 });
    this.#redraw();
  }

  #ring({ cell, ring }: Mark): Ring {
    return ring ?? this.#rings.get(cell) ?? [];
  }

  #redraw(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#frames++;
      this.#draw();
    });
  }

  #draw(): void {
    const [scene, ground] = [this.#scene, this.#ground];
    const context = this.#canvas.getContext('2d', { willReadFrequently: true });
    if (!context || !scene) return;
    const tone = colours();
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    context.fillStyle = tone.ground;
    context.fillRect(0, 0, ground.width, ground.height);
    this.#coast.paint(context, ground, tone);
    fillCities(context, ground, scene.outlines, tone);
    drawLines(context, ground, tone);
    const texts: [Point, string, number][] = [];
    for (const mark of scene.marks) {
      const points = this.#ring(mark).map(([lat, lng]) => ground.point({ lat, lng }));
      const box = edges(points);
      if (box.right < 0 || box.bottom < 0 || box.left > ground.width || box.top > ground.height) continue;
      paint(context, pathOf(points), scene.mode, mark.grade, tone, this.#scale);
      if (box.right - box.left >= TEXT_PX) texts.push([{ x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 }, mark.text, box.right - box.left]);
    }
    drawBorders(context, ground, scene.outlines, tone);
    context.textAlign = 'center';
    for (const [{ x, y }, text, width] of texts) {
      const px = Math.min(Math.max((width * 1.1) / Math.max(text.length, 2), 9), 15);
      context.font = fontOf(px);
      label(context, text, x, y + px / 3, tone.text, tone.ground);
    }
    context.font = fontOf(12);
    for (const { name, centre } of namedOf(scene.outlines)) {
      const { x, y } = ground.point(centre);
      label(context, name.toUpperCase(), x, y - 12, tone.dim, tone.ground);
    }
    context.textAlign = 'left';
    drawScale(context, ground, tone);
  }

  #resize(): void {
    const { width, height } = this.#canvas.getBoundingClientRect();
    if (width < 1 || height < 1) return;
    this.#scale = Math.min(devicePixelRatio, 2);
    this.#canvas.width = Math.round(width * this.#scale);
    this.#canvas.height = Math.round(height * this.#scale);
    const centre = this.#ground.place({ x: this.#ground.width / 2, y: this.#ground.height / 2 });
    this.#ground.resize(width, height);
    if (this.#fitted === '') this.fit();
    else this.#ground.centre(centre);
    // A canvas of another size is empty: it is filled before anybody sees it.
    if (this.#frames > 0) this.#draw();
    this.#redraw();
  }

  #listen(): () => void {
    const [canvas, ground] = [this.#canvas, this.#ground];
    let last: Point | null = null;
    const hear = {
      pointerdown: (event: PointerEvent) => {
        canvas.setPointerCapture(event.pointerId);
        last = { x: event.offsetX, y: event.offsetY };
      },
      pointermove: (event: PointerEvent) => {
        if (!last) return;
        ground.pan(event.offsetX - last.x, event.offsetY - last.y);
        last = { x: event.offsetX, y: event.offsetY };
        this.#redraw();
      },
      pointerup: () => (last = null),
      pointercancel: () => (last = null),
      wheel: (event: WheelEvent) => {
        event.preventDefault();
        ground.zoomBy(Math.min(Math.max(-event.deltaY / 300, -1), 1), { x: event.offsetX, y: event.offsetY });
        this.#redraw();
      },
      keydown: (event: KeyboardEvent) => {
        const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
        if (pan) ground.pan(pan[0]! * STEP_PX, pan[1]! * STEP_PX);
        else if (event.key === '+' || event.key === '=') this.zoom(1);
        else if (event.key === '-') this.zoom(-1);
        else return;
        event.preventDefault();
        this.#redraw();
      },
    };
    for (const [kind, listener] of Object.entries(hear)) canvas.addEventListener(kind, listener as EventListener, { passive: false });
    return () => {
      for (const [kind, listener] of Object.entries(hear)) canvas.removeEventListener(kind, listener as EventListener);
    };
  }

  #known() {
    const scene = this.#scene;
    return {
      mode: scene?.mode ?? null, about: scene?.about ?? null, zoom: this.#ground.zoom, frames: this.#frames,
      cells: scene?.marks.map(({ cell, grade, text }) => ({ cell, grade, text })).slice(-50) ?? [], count: scene?.marks.length ?? 0,
      outlines: scene?.outlines.map(({ kind, name }) => ({ kind, name })) ?? [], coast: this.#coast.squares,
    };
  }
}

/** Districts; cities where there are several. */
function namedOf(outlines: readonly Outline[]): readonly Outline[] {
  const cities = outlines.filter(({ kind }) => kind === 'city');
  return cities.length > 1 ? outlines : outlines.filter(({ kind }) => kind === 'district');
}

function fontOf(px: number): string {
  return `600 ${px}px system-ui, 'Noto Sans', sans-serif`;
}

function pathOf(points: readonly Point[]): Path2D {
  const path = new Path2D();
  for (const [i, { x, y }] of points.entries()) {
    if (i === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  }
  path.closePath();
  return path;
}

function edges(points: readonly Point[]) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

function label(context: CanvasRenderingContext2D, text: string, x: number, y: number, fill: string, around: string): void {
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeStyle = around;
  context.strokeText(text, x, y);
  context.fillStyle = fill;
  context.fillText(text, x, y);
}
