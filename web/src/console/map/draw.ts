// Draws what lies on the map, on a canvas above the ground. Labels are drawn here as well: no glyph server is needed.
import { UNIT_COLOURS, UNIT_SHAPES } from '../shapes.tsx';
import type { UnitStatus } from '../logic/units.ts';
import { colours, type Colours } from './colours.ts';
import type { Ground, Point } from './ground.ts';
import type { IncidentMark, Scene, UnitMark } from './scene.ts';
import { drawGrid, drawLines, drawScale } from './lines.ts';
import { drawOutlines } from './outlines.ts';

const UNIT_PX = 16;
const FONT = "600 12px system-ui, 'Noto Sans', sans-serif";
/** With more units than this on the screen, only those that matter have a name. */
const NAMED_MAX = 80;

export function draw(canvas: HTMLCanvasElement, ground: Ground, scene: Scene, with_grid: boolean): void {
  const context = contextOf(canvas);
  if (!context) return;
  const scale = canvas.width / ground.width;
  const tone = colours();
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, ground.width, ground.height);
  ground.paint(context, tone);
  const bare = ground.tiles === null;
  drawOutlines(context, ground, scene.outlines, tone, bare);
  if (bare) drawLines(context, ground, tone);
  if (with_grid) drawGrid(context, ground, tone);
  context.font = FONT;
  names(context, ground, scene, tone);
  ranking(context, ground, scene, tone);
  for (const mark of scene.incidents) incident(context, ground.point(mark), mark, tone);
  const seen = scene.units.map((mark) => [mark, ground.point(mark)] as const).filter(([, at]) => isIn(at, ground));
  const all_named = seen.length <= NAMED_MAX;
  headings(context, seen, tone);
  for (const [mark, at] of seen) unit(context, at, mark, all_named, scale, tone);
  for (const at of [scene.report, scene.clicked]) if (at) cross(context, ground.point(at), tone);
  drawScale(context, ground, tone);
}

/** Drawn by the processor: where there is no graphics card, the browser's stand-in for one takes many times as long. */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  return canvas.getContext('2d', { willReadFrequently: true });
}

function isIn({ x, y }: Point, { width, height }: Ground): boolean {
  return x > -20 && y > -20 && x < width + 20 && y < height + 20;
}

function label(context: CanvasRenderingContext2D, text: string, x: number, y: number, fill: string, tone: Colours): void {
  context.lineWidth = 3;
  context.strokeStyle = tone.ground;
  context.lineJoin = 'round';
  context.strokeText(text, x, y);
  context.fillStyle = fill;
  context.fillText(text, x, y);
}

/** A line of letters is so high, pixels, with what keeps it apart from the next one. */
const LINE_PX = 15;

/** Names of districts, and of cities where there are several: one that would lie on another stands below or above it. */
function names(context: CanvasRenderingContext2D, ground: Ground, { outlines }: Scene, tone: Colours): void {
  const several = outlines.filter(({ kind }) => kind === 'city').length > 1;
  const taken: { x: number; y: number; half: number }[] = [];
  context.globalAlpha = 0.75;
  context.textAlign = 'center';
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
    label(context, text, at.x, y, tone.dim, tone);
  }
  context.textAlign = 'left';
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
function incident(context: CanvasRenderingContext2D, { x, y }: Point, mark: IncidentMark, tone: Colours): void {
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
  label(context, mark.id, x + 17, y - 3, tone.text, tone);
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, r: number, colour: string, width: number): void {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

function unit(context: CanvasRenderingContext2D, { x, y }: Point, mark: UnitMark, named: boolean, scale: number, tone: Colours): void {
  const sprite = spriteOf(mark.status, mark.stale, scale, tone);
  const size = sprite.width / scale;
  context.drawImage(sprite, x - size / 2, y - size / 2, size, size);
  if (mark.chosen) circle(context, x, y, 15, tone.text, 2.5);
  if (mark.rank !== null) circle(context, x, y, 12, tone.accent, 2);
  if (!named && !mark.chosen && mark.rank === null) return;
  const name = mark.rank === null ? mark.sign : `${mark.rank}. ${mark.sign}`;
  label(context, mark.stale && (named || mark.chosen) ? `${name} · ${mark.since}` : name, x + 12, y + 4, mark.stale ? tone.dim : tone.text, tone);
}

/** Where they are heading: all in one stroke. */
function headings(context: CanvasRenderingContext2D, seen: (readonly [UnitMark, Point])[], tone: Colours): void {
  context.beginPath();
  for (const [{ heading_deg, stale }, { x, y }] of seen) {
    if (heading_deg === null || stale) continue;
    const turn = (heading_deg * Math.PI) / 180;
    const [sin, cos] = [Math.sin(turn), -Math.cos(turn)];
    context.moveTo(x + sin * 9, y + cos * 9);
    context.lineTo(x + sin * 17, y + cos * 17);
  }
  context.lineWidth = 3;
  context.strokeStyle = tone.text;
  context.stroke();
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

const sprites = new Map<string, HTMLCanvasElement>();

/** A unit's shape, drawn once for each state, theme and scale. */
function spriteOf(status: UnitStatus, stale: boolean, scale: number, tone: Colours): HTMLCanvasElement {
  const colour = tone.of(stale ? '--off' : UNIT_COLOURS[status]);
  const key = `${status} ${stale} ${colour} ${tone.ground} ${scale}`;
  const known = sprites.get(key);
  if (known) return known;
  const sprite = document.createElement('canvas');
  sprite.width = sprite.height = Math.ceil((UNIT_PX + 6) * scale);
  const context = contextOf(sprite)!;
  context.scale(scale, scale);
  context.translate(3, 3);
  const path = new Path2D(UNIT_SHAPES[status]);
  context.lineWidth = 4;
  context.lineJoin = 'round';
  context.strokeStyle = tone.ground;
  context.stroke(path);
  context.fillStyle = stale ? tone.ground : colour;
  context.fill(path, 'evenodd');
  // A stale one is hollow, so that grey is not all that tells.
  if (stale) {
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.stroke(path);
  }
  sprites.set(key, sprite);
  return sprite;
}
