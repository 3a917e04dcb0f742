// The map as a thing of its own, outside of components: it is drawn at most once per frame, and only when something moved.
import { computed, effect } from '@preact/signals';
import { serverNow, tick } from '../../shared/clock.ts';
import { clock } from '../../shared/format.ts';
import { expose } from '../../shared/hook.ts';
import { lang } from '../../shared/i18n.ts';
import { open, type TileSource } from '../../shared/map/basemap/source.ts';
import { Coast } from '../../shared/map/coast.ts';
import { PlainGround, type Ground } from '../../shared/map/ground.ts';
import { cornersOf, outlinesOf } from '../../shared/map/outlines.ts';
import { boxOf, type Box, type Place, type Point } from '../../shared/map/place.ts';
import { theme } from '../../shared/theme.ts';
import { allRows } from '../logic/units.ts';
import type { Desk } from '../state/desk.ts';
import type { Orders } from '../state/orders.ts';
import { areaOf, shortOf } from '../state/picture.ts';
import { candidates, chosen, clicked, grid, pointed } from '../state/ui.ts';
import { zoneOf } from '../text.ts';
import { say } from '../words.ts';
import { draw } from './draw.ts';
import { loadGrid } from './grid.ts';
import { handle } from './hands.ts';
import { bestKind } from './kind.ts';
import { hit, incidentMarks, unitMarks, type Scene } from './scene.ts';
import { contextOf } from './sprites.ts';

/** A city without a shape reaches at least so far from its centre, degrees. */
const CITY_DEG = 0.05;

export interface Parts {
  canvas: HTMLCanvasElement;
  /** Where a ground that draws by itself lies, below the canvas. */
  below: HTMLElement;
  desk: Desk;
  orders: Orders;
  onKind: (kind: Ground['kind']) => void;
}

export class CityMap {
  readonly parts: Parts;
  ground: Ground = new PlainGround(() => this.redraw());
  readonly #coast = new Coast(() => this.redraw());
  #source: TileSource | null = null;
  scene: Scene = { units: [], incidents: [], report: null, outlines: [], clicked: null };
  /** What is dragged, and where it is now. */
  drag: { unit: string; at: Point } | null = null;
  readonly #ends: (() => void)[] = [];
  #frame = 0;
  /** Something changed that the scene is made of. */
  #is_old = true;
  /** Somebody moved the map: it stays where they want it. */
  touched = false;
  /** What was known when the city was shown: its shape, its units. */
  #fitted: { shape: boolean; units: boolean } | null = null;
  readonly #outlines = computed(() => outlinesOf(this.parts.desk.outlines.value));
  /** The incident that was shown last. */
  #goneTo: string | null = null;
  #ended = false;
  /** The basemap cannot be read. */
  #lost = false;
  /** For the hook: how often it was drawn, and how long that took the last time. */
  #frames = 0;
  #took_ms = 0;

  constructor(parts: Parts) {
    this.parts = parts;
    const { canvas, desk } = parts;
    const watch = new ResizeObserver(() => this.#resize());
    watch.observe(canvas);
    this.#ends.push(() => watch.disconnect(), handle(this), effect(() => {
      for (const of of [desk.changed, desk.moved, desk.read, desk.work.areas, desk.outlines, tick, chosen, pointed, candidates, clicked, theme, lang, grid]) void of.value;
      this.#is_old = true;
      this.redraw();
    }), effect(() => {
      const basemap = desk.basemap.value;
      // Where it cannot be read, the map is as without one.
      if (basemap) void open(basemap).then((source) => this.#lay(source), () => (this.#lost = true));
    }), effect(() => {
      if (grid.value) void loadGrid(() => this.redraw());
    }));
    expose('map', () => this.#known());
    this.#resize();
    void bestKind().then((kind) => (kind === 'gl' ? this.#useGl() : undefined));
  }

  end(): void {
    this.#ended = true;
    cancelAnimationFrame(this.#frame);
    for (const end of this.#ends) end();
    this.ground.destroy();
  }

  zoom(steps: number): void {
    this.ground.zoomBy(steps, { x: this.ground.width / 2, y: this.ground.height / 2 });
    this.redraw();
  }

  /** Shows the city whole, with its units and incidents. */
  fitCity(): void {
    const cities = this.parts.desk.work.areas.value.filter(({ level }) => level === 'city');
    const around = cities.flatMap(({ centre: { lat, lng } }) => [{ lat: lat - CITY_DEG, lng: lng - CITY_DEG }, { lat: lat + CITY_DEG, lng: lng + CITY_DEG }]);
    const { outlines, units, incidents } = this.scene;
    const shaped = cornersOf(outlines);
    const box = boxOf([...(shaped.length > 0 ? shaped : around), ...outlines.map(({ centre }) => centre), ...units, ...incidents]);
    if (box) this.#show(box);
  }

  /** Shows the chosen incident with those who could go there. */
  goTo(): void {
    const incident = this.scene.incidents.find((mark) => mark.chosen);
    if (!incident) return;
    const box = boxOf([incident, ...this.scene.units.filter(({ rank }) => rank !== null)]);
    if (box) this.#show(box);
  }

  redraw(): void {
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    cancelAnimationFrame(this.#frame);
    const begun_ms = performance.now();
    // However often something changed since the last frame, the scene is built once.
    if (this.#is_old) this.#build();
    this.#frame = 0;
    // A pane that nobody sees has no size, and its canvas one that has nothing to do with it.
    if (this.ground.width <= 1) return;
    this.#frames++;
    draw(this.parts.canvas, this.ground, this.#coast, this.scene, grid.value);
    this.#drawDragged();
    this.#took_ms = performance.now() - begun_ms;
  }

  /** Somebody clicked: an incident, a unit, or a place for the form that asks for one. */
  click(at: Point): void {
    const { incident, unit } = this.under(at);
    if (incident) chosen.value = { is: 'incident', id: incident.id };
    else if (unit) pointed.value = unit.id;
    else if (chosen.value?.is === 'report') clicked.value = this.ground.place(at);
  }

  under(at: Point) {
    const pointOf = (place: Place) => this.ground.point(place);
    return { incident: hit(this.scene.incidents, at, pointOf), unit: hit(this.scene.units, at, pointOf) };
  }

  drop(unit: string, at: Point): void {
    const { incident } = this.under(at);
    if (incident) void this.parts.orders.send(incident.id, unit, 'offer');
  }

  #show(box: Box): void {
    this.ground.fit(box);
    this.redraw();
  }

  #build(): void {
    this.#is_old = false;
    const { desk } = this.parts;
    const { picture } = desk;
    const what = chosen.value;
    const choice = { incident: what?.is === 'incident' ? what.id : null, unit: pointed.value, ranked: candidates.value };
    const several = desk.work.areas.value.filter(({ level }) => level === 'city').length > 1;
    const since = (row: { unit: { id: string }; age_ms: number | null }) =>
      say('map.stale', { clock: clock(serverNow() - (row.age_ms ?? 0), zoneOf(desk, areaOf(row.unit.id))) });
    const report = what?.is === 'report' ? picture.reports.get(what.id) : undefined;
    this.scene = {
      units: unitMarks(allRows(picture, desk.positions, tick.value), choice, several ? (id) => id : shortOf, since),
      incidents: incidentMarks(picture, choice, tick.value),
      report: report?.place && !report.incident ? report.place : null,
      outlines: this.#outlines.value,
      clicked: what?.is === 'report' ? clicked.value : null,
    };
    this.#showFirst(choice.incident);
  }

  /** The city once it is known, and each incident when it is chosen, with those who could go there. */
  #showFirst(incident: string | null): void {
    const { desk } = this.parts;
    if (this.ground.width <= 1 || desk.read.value.size === 0) return;
    // Once as soon as the city is known, and once more when its shape has come, and its units.
    const now = { shape: this.scene.outlines.length > 0, units: this.scene.units.length > 0 };
    if (!this.touched && (this.#fitted === null || now.shape > this.#fitted.shape || now.units > this.#fitted.units)) {
      this.#fitted = now;
      this.fitCity();
    }
    if (incident !== this.#goneTo && (incident === null || candidates.value.length > 0)) {
      this.#goneTo = incident;
      this.goTo();
    }
  }

  #resize(): void {
    const { canvas } = this.parts;
    const { width, height } = canvas.getBoundingClientRect();
    if (width < 1 || height < 1) return;
    const scale = Math.min(devicePixelRatio, 2);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    this.ground.resize(width, height);
    // A canvas of another size is empty: it is filled before anybody sees it.
    if (this.#frames > 0) this.#paint();
    else this.redraw();
  }

  #drawDragged(): void {
    const context = this.drag && contextOf(this.parts.canvas);
    if (!context || !this.drag) return;
    const { at, unit } = this.drag;
    context.fillStyle = context.strokeStyle = '#5fb2ff';
    context.beginPath();
    context.arc(at.x, at.y, 9, 0, 2 * Math.PI);
    context.fill();
    context.fillText(shortOf(unit), at.x + 14, at.y + 4);
  }

  #lay(source: TileSource): void {
    this.#source = source;
    if (!this.#ended) this.ground.lay(source);
  }

  async #useGl(): Promise<void> {
    const { GlGround } = await import('./gl.ts');
    if (this.#ended) return;
    // A graphics card may fail at any time: the map goes on without it.
    const lost = () => this.#standOn(new PlainGround(() => this.redraw()));
    const made = await GlGround.make(this.parts.below, () => this.redraw(), lost).catch(() => null);
    if (made) this.#standOn(made);
  }

  /** Shows the same on another ground. */
  #standOn(ground: Ground): void {
    if (this.#ended) return ground.destroy();
    const { width, height, zoom } = this.ground;
    const centre = this.ground.place({ x: width / 2, y: height / 2 });
    this.ground.destroy();
    this.ground = ground;
    ground.resize(width, height);
    ground.centre(centre, zoom);
    if (this.#source) ground.lay(this.#source);
    this.parts.onKind(ground.kind);
    this.redraw();
  }

  #known() {
    if (this.#is_old) this.#build();
    const { units, incidents } = this.scene;
    const points = (marks: readonly (Place & { id: string })[]) =>
      Object.fromEntries(marks.slice(0, 50).map((mark) => [mark.id, this.ground.point(mark)]));
    return {
      kind: this.ground.kind, zoom: this.ground.zoom, units: units.length, stale: units.filter(({ stale }) => stale).length,
      ranked: units.filter(({ rank }) => rank !== null).map(({ id }) => id), incidents: points(incidents), at: points(units),
      headings: Object.fromEntries(units.filter(({ heading_deg }) => heading_deg !== null).slice(0, 50).map(({ id, heading_deg }) => [id, heading_deg])),
      since: Object.fromEntries(units.filter(({ stale }) => stale).slice(0, 50).map(({ id, since }) => [id, since])),
      tiles: this.ground.tiles && { ...this.ground.tiles }, lost: this.#lost,
      outlines: this.scene.outlines.map(({ kind, name, rings }) => ({ kind, name, corners: rings.reduce((sum, ring) => sum + ring.length / 2, 0) })),
      coast: this.#coast.squares, grid: grid.value, frames: this.#frames, took_ms: this.#took_ms,
    };
  }
}
