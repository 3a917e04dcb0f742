// What each grade looks like: one colour from faint to strong; what help does not reach is striped as well.
import type { Colours } from '../../shared/map/colours.ts';
import type { Mark, Mode } from '../logic/cells.ts';

/** How strong each grade's colour is. */
const STRENGTHS: Record<Mode, readonly number[]> = {
  incidents: [0.35, 0.5, 0.65, 0.8, 1], late: [0.35, 0.5, 0.65, 0.8, 1],
  // Near help is strong, what is just in time is faint.
  coverage: [0.75, 0.5, 0.25],
};
const COLOURS: Record<Mode, string> = { incidents: '--dispatched', late: '--onscene', coverage: '--free' };

/** Fills a path by its grade. */
export function paint(context: CanvasRenderingContext2D, path: Path2D, mode: Mode, grade: Mark['grade'], tone: Colours, scale = 1): void {
  if (typeof grade === 'number') {
    context.globalAlpha = STRENGTHS[mode][grade]!;
    context.fillStyle = tone.of(COLOURS[mode]);
    context.fill(path);
  } else {
    context.globalAlpha = grade === 'beyond' ? 0.8 : 0.5;
    context.fillStyle = stripes(context, tone.of(grade === 'beyond' ? '--onscene' : '--off'), grade, scale);
    context.fill(path);
  }
  context.globalAlpha = 1;
  context.lineWidth = 1;
  context.strokeStyle = tone.of(typeof grade === 'number' ? COLOURS[mode] : grade === 'beyond' ? '--onscene' : '--off');
  context.stroke(path);
}

const kept = new Map<string, CanvasPattern>();

/** Stripes for what comes too late, dots for where nobody could come from. */
function stripes(context: CanvasRenderingContext2D, colour: string, grade: 'beyond' | 'nobody', scale: number): CanvasPattern | string {
  const key = `${colour} ${grade} ${scale}`;
  const known = kept.get(key);
  if (known) return known;
  const tile = document.createElement('canvas');
  const size = Math.round(8 * scale);
  tile.width = tile.height = size;
  const on = tile.getContext('2d');
  if (!on) return colour;
  on.strokeStyle = on.fillStyle = colour;
  if (grade === 'nobody') {
    on.fillRect(size / 4, size / 4, size / 4, size / 4);
  } else {
    on.lineWidth = size / 5;
    on.beginPath();
    for (const from of [-size, 0, size]) {
      on.moveTo(from, size);
      on.lineTo(from + size, 0);
    }
    on.stroke();
  }
  const made = context.createPattern(tile, 'repeat');
  if (!made) return colour;
  made.setTransform(new DOMMatrix().scale(1 / scale));
  kept.set(key, made);
  return made;
}
