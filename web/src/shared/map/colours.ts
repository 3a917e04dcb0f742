// The colours of the theme, as a canvas wants them.
import { theme } from '../theme.ts';

export interface Colours {
  of(name: string): string;
  text: string;
  dim: string;
  ground: string;
  panel: string;
  line: string;
  accent: string;
}

let kept: { theme: string; colours: Colours } | null = null;

export function colours(): Colours {
  const now = theme.value;
  if (kept?.theme === now) return kept.colours;
  const style = getComputedStyle(document.documentElement);
  const read = new Map<string, string>();
  const of = (name: string) => {
    const known = read.get(name) ?? style.getPropertyValue(name).trim();
    read.set(name, known);
    return known;
  };
  const made = {
    of, text: of('--text'), dim: of('--dim'), ground: of('--ground'), panel: of('--panel'), line: of('--line'), accent: of('--accent'),
  };
  kept = { theme: now, colours: made };
  return made;
}
