// The command line: what a dispatcher types, as an order. Pure.
//
//   BPN-M12 > 1024            ask the crew          M12 >> 1024   order by radio       M12 >+ 1024   behind its work
//   st M12 scene              a step for the crew   recall M12    ho M12 M3            hand over
//   note 1024 text            1024                  look at it    claim R7             pri 1024 P1
//   merge 1024 1020           close 1024 handled    duty M12 oos
import type { Disposition, DispatchStatus, Duty, Priority } from '../../gen/frames.ts';

export type Order =
  | { do: 'send'; unit: string; incident: string; mode: 'offer' | 'assign' | 'queue' }
  | { do: 'step'; unit: string; to: DispatchStatus; reason?: string }
  | { do: 'recall'; unit: string; reason: string }
  | { do: 'hand_over'; from: string; to: string }
  | { do: 'note'; incident: string; text: string }
  | { do: 'merge'; incident: string; into: string }
  | { do: 'close'; incident: string; disposition: Disposition }
  | { do: 'priority'; incident: string; priority: Priority }
  | { do: 'duty'; unit: string; duty: Duty }
  | { do: 'claim'; report: string | null }
  | { do: 'look'; id: string };

/** Why a line is no order; `at` is the word that was not understood, or what is missing. */
export interface Wrong {
  wrong: 'empty' | 'verb' | 'unit' | 'incident' | 'report' | 'word' | 'text';
  at: string;
}

/** What a line may speak of. */
export interface Known {
  units: readonly string[];
  incidents: readonly string[];
  reports: readonly string[];
  /** Incidents and reports that have ended: they can be looked at. */
  ended: readonly string[];
  /** The area of names that say none. */
  area: string;
}

export const MODES = { '>': 'offer', '>>': 'assign', '>+': 'queue' } as const;

/** Words of each step, in both languages; the first ones are offered. */
export const STEPS: Record<string, DispatchStatus> = {
  accept: 'accepted', enroute: 'en_route', scene: 'on_scene', clear: 'cleared', decline: 'declined',
  terima: 'accepted', jalan: 'en_route', tiba: 'on_scene', selesai: 'cleared', tolak: 'declined',
};
export const DUTIES: Record<string, Duty> = { on: 'on_duty', oos: 'out_of_service', off: 'off_duty' };
export const DISPOSITIONS: readonly Disposition[] = [
  'handled', 'referred', 'nothing_found', 'cancelled_by_caller', 'invalid', 'duplicate',
];
export const PRIORITIES: readonly Priority[] = ['P1', 'P2', 'P3', 'P4'];

/** The verbs, with what they take: each letter is a word (u unit, i incident, r report, s step, d duty, p priority, o outcome, t text). */
export const VERBS: Record<string, string> = {
  st: 'us', note: 'it', recall: 'ut', ho: 'uu', merge: 'ii', close: 'io', pri: 'ip', duty: 'ud', claim: 'r',
};
/** The same verbs in Indonesian. */
export const ALSO: Record<string, string> = {
  catat: 'note', tarik: 'recall', serah: 'ho', gabung: 'merge', tutup: 'close', prio: 'pri', dinas: 'duty', ambil: 'claim',
};

/** What a table has of its own under a word that somebody typed. */
export function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

/** The verb that a word means, in either language. */
export function verbOf(word: string): string | undefined {
  const verb = own(ALSO, word.toLowerCase()) ?? word.toLowerCase();
  return Object.hasOwn(VERBS, verb) ? verb : undefined;
}

export function parse(line: string, known: Known): Order | Wrong {
  const words = line.trim().split(/\s+/);
  const [first = '', second = ''] = words;
  if (first === '') return { wrong: 'empty', at: '' };
  const mode = own(MODES, second);
  if (mode) return send(first, words[2] ?? '', mode, known);
  // `M12>1024`, as fast fingers write it.
  const tight = /^([^>]+)(>>|>\+|>)(\S+)$/.exec(first);
  if (tight) return send(tight[1]!, tight[3]!, own(MODES, tight[2]!)!, known);
  const verb = verbOf(first);
  if (verb) return spoken(verb, words.slice(1), line, known);
  const id = find(first, known.incidents, known.area) ?? find(first, known.reports, known.area) ?? find(first, known.units, known.area)
    ?? find(first, known.ended, known.area);
  return words.length === 1 && id ? { do: 'look', id } : { wrong: 'verb', at: first };
}

function send(unit: string, incident: string, mode: 'offer' | 'assign' | 'queue', known: Known): Order | Wrong {
  const [from, to] = [find(unit, known.units, known.area), find(incident, known.incidents, known.area)];
  if (!from) return { wrong: 'unit', at: unit };
  return to ? { do: 'send', unit: from, incident: to, mode } : { wrong: 'incident', at: incident };
}

function spoken(verb: string, words: string[], line: string, known: Known): Order | Wrong {
  const [a = '', b = ''] = words;
  const unit = find(a, known.units, known.area);
  const incident = find(a, known.incidents, known.area);
  // What follows two words, as it was written.
  const rest = /^\s*\S+\s+\S+\s+([\s\S]*\S)\s*$/.exec(line)?.[1] ?? '';
  switch (verb) {
    case 'claim': {
      const report = a === '' ? null : find(a, known.reports, known.area);
      return report === undefined ? { wrong: 'report', at: a } : { do: 'claim', report };
    }
    case 'st':
    case 'recall':
    case 'ho':
    case 'duty':
      if (!unit) return { wrong: 'unit', at: a };
      if (verb === 'recall') return { do: 'recall', unit, reason: rest };
      return verb === 'ho' ? handOver(unit, b, known) : ofUnit(verb, unit, b.toLowerCase(), words.slice(2).join(' '));
    default:
      return incident ? ofIncident(verb, incident, b, rest, known) : { wrong: 'incident', at: a };
  }
}

function handOver(from: string, word: string, known: Known): Order | Wrong {
  const to = find(word, known.units, known.area);
  return to ? { do: 'hand_over', from, to } : { wrong: 'unit', at: word };
}

function ofUnit(verb: 'st' | 'duty', unit: string, word: string, reason: string): Order | Wrong {
  if (verb === 'st') {
    const to = own(STEPS, word);
    if (!to) return { wrong: 'word', at: word };
    // A crew that says no says why.
    if (to === 'declined' && reason === '') return { wrong: 'text', at: word };
    return { do: 'step', unit, to, ...(reason ? { reason } : {}) };
  }
  const duty = own(DUTIES, word);
  return duty ? { do: 'duty', unit, duty } : { wrong: 'word', at: word };
}

function ofIncident(verb: string, incident: string, word: string, rest: string, known: Known): Order | Wrong {
  if (verb === 'note') return rest ? { do: 'note', incident, text: rest } : { wrong: 'text', at: word };
  if (verb === 'merge') {
    const into = find(word, known.incidents, known.area);
    return into && into !== incident ? { do: 'merge', incident, into } : { wrong: 'incident', at: word };
  }
  if (verb === 'close') {
    const disposition = DISPOSITIONS.find((one) => one === word.toLowerCase());
    return disposition ? { do: 'close', incident, disposition } : { wrong: 'word', at: word };
  }
  const priority = PRIORITIES.find((one) => one === word.toUpperCase());
  return priority ? { do: 'priority', incident, priority } : { wrong: 'word', at: word };
}

/** The name that a word means: whole, or without its area. */
export function find(word: string, all: readonly string[], area: string): string | undefined {
  const whole = word.toUpperCase();
  if (whole === '') return undefined;
  const short = all.filter((id) => id.slice(id.indexOf('-') + 1) === whole);
  return all.find((id) => id === whole) ?? short.find((id) => id.startsWith(`${area}-`)) ?? (short.length === 1 ? short[0] : undefined);
}
