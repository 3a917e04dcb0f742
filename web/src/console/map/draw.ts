// Draws what lies on the map, on a canvas above the ground. Labels are drawn here as well: no glyph server is needed.
import type { Coast } from '../../shared/map/coast.ts';
import { colours, type Colours } from '../../shared/map/colours.ts';
import { viewOf, type Ground } from '../../shared/map/ground.ts';
import { drawLines, drawScale } from '../../shared/map/lines.ts';
import { drawBorders, fillCities } from '../../shared/map/outlines.ts';
import type { Point } from '../../shared/map/place.ts';
import { drawGrid } from './grid.ts';
import type { IncidentMark, Scene, UnitMark } from './scene.ts';
import { contextOf, FONT, heading, label, onSheet, shape, type Pen } from './sprites.ts';

/** With more units than this on the screen, only those that matter have a name. */
const NAMED_MAX = 80;
/** With more units than this, taking the canvas's pixels out and putting them back pays. */
const SHEET_LEAST = 200;

/** `coast`: what there is of it where no basemap is. */
export function draw(canvas: HTMLCanvasElement, ground: Ground, coast: Coast, scene: Scene, with_grid: boolean): void {
  const context = contextOf(canvas);
  if (!context) return;
  const scale = canvas.width / ground.width;
  const tone = colours();
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, ground.width, ground.height);
  ground.paint(context, tone);
  const bare = ground.tiles === null;
  if (bare) {
    coast.paint(context, ground, tone);
    fillCities(context, ground, scene.outlines, tone);
    drawLines(context, ground, tone);
  }
  drawBorders(context, ground, scene.outlines, tone);
  if (with_grid) drawGrid(context, ground, tone);
  context.font = FONT;
  const pen: Pen = { context, scale, tone, sheet: null };
  names(pen, ground, scene);
  ranking(context, ground, scene, tone);
  for (const mark of scene.incidents) incident(pen, ground.point(mark), mark);
  const { x, y, per_world } = viewOf(ground);
  const seen: [UnitMark, Point][] = [];
  for (const mark of scene.units) {
    const at = { x: x + mark.world.x * per_world, y: y + mark.world.y * per_world };
    if (isIn(at, ground)) seen.push([mark, at]);
  }
  const all_named = seen.length <= NAMED_MAX;
  const marks = (to: Pen) => {
    for (const [mark, at] of seen) unit(to, at, mark);
  };
  if (seen.length > SHEET_LEAST) onSheet(pen, marks);
  else marks(pen);
  for (const [mark, at] of seen) if (all_named || mark.chosen || mark.rank !== null) named(pen, at, mark);
  for (const at of [scene.report, scene.clicked]) if (at) cross(context, ground.point(at), tone);
  drawScale(context, ground, tone);
}

function isIn({ x, y }: Point, { width, height }: Ground): boolean {
  return x > -20 && y > -20 && x < width + 20 && y < height + 20;
}

/** A line of letters is so high, pixels, with what keeps it apart from the next one. */
const LINE_PX = 15;

/** Names of districts, and of cities where there are several: one that would lie on another stands below or above it. */
function names(pen: Pen, ground: Ground, { outlines }: Scene): void {
  const { context, tone } = pen;
  const several = outlines.filter(({ kind }) => kind === 'city').length > 1;
  const taken: { x: number; y: number; half: number }[] = [];
  context.globalAlpha = 0.75;
  for (const { kind, name, centre } of outlines) {
    if (kind !== 'district' && !several) continue;
    const at = ground.point(centre);
    if (!isIn(at, ground)) continue;
    const text = name.toUpperCase();
    const half = context.measureText(text).width / 2 + 4;
    const free = (y: number) => taken.every((one) => Math.abs(one.x - at.x) > one.half + half || Math.abs(one.y - y) >= LINE_PX);
    const y = [at.y, at.y + LINE_PX, at.y - LINE_PX].find(free);
    if (y === undefined) continue;
    taken.push({ x: at.x, y, half });
    label(pen, text, at.x, y, tone.dim, true);
  }
  context.globalAlpha = 1;
}

/** Lines from the chosen incident to those who could go there. */
function ranking(context: CanvasRenderingContext2D, ground: Ground, { incidents, units }: Scene, tone: Colours): void {
  const chosen = incidents.find((mark) => mark.chosen);
  if (!chosen) return;
  const to = ground.point(chosen);
  for (const mark of units) {
    if (mark.rank === null) continue;
    const from = ground.point(mark);
    context.beginPath();
    context.setLineDash(mark.rank === 1 ? [] : [5, 5]);
    context.lineWidth = mark.rank === 1 ? 2.5 : 1.5;
    context.strokeStyle = tone.accent;
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
  }
  context.setLineDash([]);
}

const SLA_COLOURS: Record<IncidentMark['sla'], string> = {
  ok: '--free', risk: '--enroute', late: '--onscene', kept: '--free', missed: '--onscene',
};

/** An incident is a pin with its priority in it; a hot one has a ring, the chosen one two. */
function incident(pen: Pen, { x, y }: Point, mark: IncidentMark): void {
  const { context, tone } = pen;
  const colour = tone.of(SLA_COLOURS[mark.sla]);
  for (let ring = 0; ring < mark.heat; ring++) circle(context, x, y, 17 + ring * 4, tone.of('--onscene'), 1.5);
  if (mark.chosen) circle(context, x, y, 33, tone.text, 2);
  context.beginPath();
  context.moveTo(x, y + 15);
  context.lineTo(x - 13, y - 2);
  context.lineTo(x - 13, y - 13);
  context.lineTo(x + 13, y - 13);
  context.lineTo(x + 13, y - 2);
  context.closePath();
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = tone.ground;
  context.stroke();
  context.fillStyle = tone.ground;
  context.textAlign = 'center';
  context.fillText(mark.priority, x, y);
  context.textAlign = 'left';
  label(pen, mark.id, x + 17, y - 3, tone.text);
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, r: number, colour: string, width: number): void {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

function unit(pen: Pen, { x, y }: Point, mark: UnitMark): void {
  if (mark.heading_deg !== null && !mark.stale) heading(pen, x, y, mark.heading_deg);
  shape(pen, x, y, mark.status, mark.stale);
}

/** What stands around and beside a unit that matters: rings, its name, since when its place is old. */
function named(pen: Pen, { x, y }: Point, mark: UnitMark): void {
  const { context, tone } = pen;
  if (mark.chosen) circle(context, x, y, 15, tone.text, 2.5);
  if (mark.rank !== null) circle(context, x, y, 12, tone.accent, 2);
  const name = mark.rank === null ? mark.sign : `${mark.rank}. ${mark.sign}`;
  label(pen, mark.stale ? `${name} · ${mark.since}` : name, x + 12, y + 4, mark.stale ? tone.dim : tone.text);
}

function cross(context: CanvasRenderingContext2D, { x, y }: Point, tone: Colours): void {
  circle(context, x, y, 10, tone.text, 2.5);
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    context.moveTo(x + dx * 4, y + dy * 4);
    context.lineTo(x + dx * 18, y + dy * 18);
  }
  context.strokeStyle = tone.text;
  context.lineWidth = 2.5;
  context.stroke();
}
