// Thousands of small marks, pixel by pixel into the canvas's own memory. Without a graphics card each `drawImage` costs ten
// microseconds, whatever its size; a mark of three hundred pixels costs less than one here.

/** A mark as its pixels: where from its corner, and which colour; those that cover all below come first. */
export interface Stamp {
  width: number;
  height: number;
  xs: Int16Array;
  ys: Int16Array;
  /** As the canvas has it in memory: red in the lowest byte. */
  rgba: Uint32Array;
  /** How many of them cover all below. */
  opaque: number;
  /** Where each is from the corner on in the memory of a sheet that is so wide. */
  offsets: Int32Array;
  sheet_width: number;
}

/** Takes a drawn image apart. */
export function stampOf({ width, height, data }: { width: number; height: number; data: Uint8ClampedArray }): Stamp {
  const pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const whole: number[] = [];
  const edge: number[] = [];
  for (let i = 0; i < pixels.length; i++) {
    const alpha = pixels[i]! >>> 24;
    if (alpha === 255) whole.push(i);
    else if (alpha > 0) edge.push(i);
  }
  const all = [...whole, ...edge];
  return {
    width, height, xs: Int16Array.from(all, (i) => i % width), ys: Int16Array.from(all, (i) => Math.floor(i / width)),
    rgba: Uint32Array.from(all, (i) => pixels[i]!), opaque: whole.length,
    offsets: new Int32Array(all.length), sheet_width: 0,
  };
}

/** What is drawn on, as its pixels. */
export interface Sheet {
  width: number;
  height: number;
  pixels: Uint32Array;
}

/** Puts a mark with its corner at a pixel; what is beyond the sheet is left out. */
export function blit(sheet: Sheet, stamp: Stamp, x: number, y: number): void {
  const { width, height, pixels } = sheet;
  const { xs, ys, rgba, opaque, offsets } = stamp;
  if (x < 0 || y < 0 || x + stamp.width > width || y + stamp.height > height) return blitEdge(sheet, stamp, x, y);
  if (stamp.sheet_width !== width) {
    for (let i = 0; i < offsets.length; i++) offsets[i] = ys[i]! * width + xs[i]!;
    stamp.sheet_width = width;
  }
  const from = y * width + x;
  for (let i = 0; i < opaque; i++) pixels[from + offsets[i]!] = rgba[i]!;
  for (let i = opaque; i < rgba.length; i++) {
    const at = from + offsets[i]!;
    pixels[at] = over(rgba[i]!, pixels[at]!);
  }
}

function blitEdge({ width, height, pixels }: Sheet, { xs, ys, rgba, opaque }: Stamp, x: number, y: number): void {
  for (let i = 0; i < rgba.length; i++) {
    const px = x + xs[i]!;
    const py = y + ys[i]!;
    if (px < 0 || py < 0 || px >= width || py >= height) continue;
    const at = py * width + px;
    pixels[at] = i < opaque ? rgba[i]! : over(rgba[i]!, pixels[at]!);
  }
}

/** A colour that lets some of what is below through. On nothing at all it stays as it is. */
export function over(above: number, below: number): number {
  const alpha = above >>> 24;
  if (below >>> 24 < 255) return below >>> 24 > alpha ? below : above;
  // Of 256, so that a shift divides; red and blue in one go, since each has room for its product.
  const share = alpha + (alpha >>> 7);
  const rest = 256 - share;
  const red_blue = (((above & 0xff00ff) * share + (below & 0xff00ff) * rest) / 256) & 0xff00ff;
  const green = (((above & 0xff00) * share + (below & 0xff00) * rest) >>> 8) & 0xff00;
  return (0xff000000 | red_blue | green) >>> 0;
}
