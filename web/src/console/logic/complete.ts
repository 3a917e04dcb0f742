// What could come next on the command line. Pure.
import { DISPOSITIONS, DUTIES, MODES, own, PRIORITIES, STEPS, VERBS, verbOf, type Known } from './command.ts';

/** A whole line that is offered; `word` is what it ends in. */
export interface Offer {
  line: string;
  word: string;
  is: 'unit' | 'incident' | 'report' | 'verb' | 'word';
}

const OFFERS_MAX = 8;

export function complete(line: string, known: Known): Offer[] {
  const words = line.trimStart().split(/\s+/);
  const begun = words.at(-1) ?? '';
  const before = line.slice(0, line.length - begun.length);
  const given = words.slice(0, -1);
  const offers = candidates(given, known).flatMap(({ is, all }) => all.map((word) => ({ is, word })));
  const fitting = offers.filter(({ word }) => fits(word, begun));
  return fitting.slice(0, OFFERS_MAX).map(({ is, word }) => ({ is, word, line: `${before}${word} ` }));
}

type Group = { is: Offer['is']; all: readonly string[] };

function candidates([first, second, third]: string[], known: Known): Group[] {
  const units: Group = { is: 'unit', all: known.units };
  const incidents: Group = { is: 'incident', all: known.incidents };
  if (first === undefined) return [{ is: 'verb', all: Object.keys(VERBS) }, units, incidents, { is: 'report', all: known.reports }];
  const verb = verbOf(first);
  if (!verb) {
    if (second === undefined) return [{ is: 'word', all: Object.keys(MODES) }];
    return own(MODES, second) && third === undefined ? [incidents] : [];
  }
  const at = second === undefined ? 0 : third === undefined ? 1 : 2;
  const kinds: Record<string, Group> = {
    u: units, i: incidents, r: { is: 'report', all: known.reports }, s: { is: 'word', all: Object.keys(STEPS) },
    d: { is: 'word', all: Object.keys(DUTIES) }, p: { is: 'word', all: PRIORITIES }, o: { is: 'word', all: DISPOSITIONS },
  };
  const group = kinds[VERBS[verb]?.[at] ?? ''];
  return group ? [group] : [];
}

/** Begins with it; a name also without its area. */
function fits(word: string, begun: string): boolean {
  const [a, b] = [word.toLowerCase(), begun.toLowerCase()];
  return a !== b && (a.startsWith(b) || a.slice(a.indexOf('-') + 1).startsWith(b));
}
