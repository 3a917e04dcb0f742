// What is drawn often is drawn once: shapes of units, headings, words. After that it is copied, pixel by pixel.
import type { Colours } from '../../shared/map/colours.ts';
import { UNIT_COLOURS, UNIT_SHAPES, type UnitStatus } from '../../shared/shapes.tsx';
import { blit, stampOf, type Sheet, type Stamp } from './blit.ts';

export const FONT = "600 12px system-ui, 'Noto Sans', sans-serif";

/** What draws, in which colours; `scale` pixels of the screen make one of the page. */
export interface Pen {
  context: CanvasRenderingContext2D;
  scale: number;
  tone: Colours;
  /** The canvas's pixels, while many marks are put on it: they reach the canvas when the sheet is put back. */
  sheet: Sheet | null;
}

/** Sprites that are kept; beyond, all are made anew as they are needed. */
const SPRITES_MAX = 1_200;
const sprites = new Map<string, Sprite>();

interface Sprite {
  image: ImageBitmap;
  stamp: Stamp;
}

/** Drawn by the processor: where there is no graphics card, the browser's stand-in for one takes many times as long. */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  return canvas.getContext('2d', { willReadFrequently: true });
}

/** A sprite by its name; made where it is not known. Sizes are of the page. */
function sprite(name: string, { scale, tone }: Pen, size: () => [number, number], make: (context: OffscreenCanvasRenderingContext2D) => void): Sprite {
  const key = `${name} ${tone.ground} ${scale}`;
  const known = sprites.get(key);
  if (known) return known;
  if (sprites.size >= SPRITES_MAX) sprites.clear();
  const [width, height] = size();
  const canvas = new OffscreenCanvas(Math.ceil(width * scale), Math.ceil(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.scale(scale, scale);
  make(context);
  const stamp = stampOf(context.getImageData(0, 0, canvas.width, canvas.height));
  const made = { stamp, image: canvas.transferToImageBitmap() };
  sprites.set(key, made);
  return made;
}

/** Copies a sprite, on whole pixels: it stays sharp. */
function copy({ context, scale, sheet }: Pen, { image, stamp }: Sprite, x: number, y: number): void {
  const [px, py] = [Math.round(x * scale), Math.round(y * scale)];
  if (sheet) blit(sheet, stamp, px, py);
  else context.drawImage(image, px / scale, py / scale, image.width / scale, image.height / scale);
}

/** Does some work on the canvas's own pixels: many marks are put there in a fraction of the time. */
export function onSheet(pen: Pen, work: (pen: Pen) => void): void {
  const { canvas } = pen.context;
  const image = pen.context.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer, image.data.byteOffset, canvas.width * canvas.height);
  work({ ...pen, sheet: { width: canvas.width, height: canvas.height, pixels } });
  pen.context.putImageData(image, 0, 0);
}

const SHAPE_PX = 16;
/** Room around a shape for its rim. */
const RIM_PX = 3;

/** A unit's shape around a point. A stale one is hollow, so that grey is not all that tells. */
export function shape(pen: Pen, x: number, y: number, status: UnitStatus, stale: boolean): void {
  const { tone } = pen;
  const colour = tone.of(stale ? '--off' : UNIT_COLOURS[status]);
  const side = SHAPE_PX + 2 * RIM_PX;
  const made = sprite(`unit ${status} ${stale} ${colour}`, pen, () => [side, side], (context) => {
    context.translate(RIM_PX, RIM_PX);
    const path = new Path2D(UNIT_SHAPES[status]);
    context.lineWidth = 4;
    context.lineJoin = 'round';
    context.strokeStyle = tone.ground;
    context.stroke(path);
    context.fillStyle = stale ? tone.ground : colour;
    context.fill(path, 'evenodd');
    if (!stale) return;
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.stroke(path);
  });
  copy(pen, made, x - side / 2, y - side / 2);
}

/** Directions that are told apart: finer than an eye does at this length. */
const DIRECTIONS = 36;
/** A heading is a stroke from here to there, from the middle of its unit. */
const HEADING_PX = [9, 17] as const;

/** Where a unit is heading. */
export function heading(pen: Pen, x: number, y: number, deg: number): void {
  const at = Math.round((deg * DIRECTIONS) / 360) % DIRECTIONS;
  const turn = (at * 2 * Math.PI) / DIRECTIONS;
  const [sin, cos] = [Math.sin(turn), -Math.cos(turn)];
  const half_px = (HEADING_PX[1] - HEADING_PX[0]) / 2;
  const side = 2 * half_px + 4;
  const made = sprite(`heading ${at}`, pen, () => [side, side], (context) => {
    context.beginPath();
    context.moveTo(side / 2 - sin * half_px, side / 2 - cos * half_px);
    context.lineTo(side / 2 + sin * half_px, side / 2 + cos * half_px);
    context.lineWidth = 3;
    context.strokeStyle = pen.tone.text;
    context.stroke();
  });
  const far = (HEADING_PX[0] + HEADING_PX[1]) / 2;
  copy(pen, made, x + sin * far - side / 2, y + cos * far - side / 2);
}

/** Room around words for their rim, and how high a line of them is. */
const WORD_PX = 4;
const LINE_PX = 20;
const BASE_PX = 14;

/** Words with a rim in the colour of the ground, from a point of their base line on; or in the middle of it. */
export function label(pen: Pen, text: string, x: number, y: number, fill: string, centred = false): void {
  const { tone } = pen;
  let width = 0;
  const made = sprite(`label ${fill} ${text}`, pen, () => {
    pen.context.font = FONT;
    width = pen.context.measureText(text).width;
    return [width + 2 * WORD_PX, LINE_PX];
  }, (context) => {
    context.font = FONT;
    context.lineWidth = 3;
    context.strokeStyle = tone.ground;
    context.lineJoin = 'round';
    context.strokeText(text, WORD_PX, BASE_PX);
    context.fillStyle = fill;
    context.fillText(text, WORD_PX, BASE_PX);
  });
  const from = centred ? x - made.image.width / pen.scale / 2 : x - WORD_PX;
  copy(pen, made, from, y - BASE_PX);
}
