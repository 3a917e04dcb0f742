// Cells of the map: how many incidents, how many late, how far help is; each as a grade that has a colour and a text. Pure.
import type { components } from '../../gen/api.ts';
import type { Group } from './past.ts';

export type Coverage = components['schemas']['CoverageBody'];
export type Mode = 'incidents' | 'late' | 'coverage';

/** Grades of counts begin with these: each is about double the one before, so that one busy cell does not hide the rest. */
export const COUNT_STEPS = [1, 2, 4, 8, 16] as const;
/** Grades of coverage: up to this share of the target; beyond the last one nobody is there in time. */
export const TIME_STEPS = [0.5, 0.75, 1] as const;

export interface Mark {
  cell: string;
  /** 0 is the least; coverage has two more, `beyond` and `nobody`. */
  grade: number | 'beyond' | 'nobody';
  /** What stands in the cell. */
  text: string;
  /** (lat, lng); null where it has to be worked out from the cell's name. */
  ring: [number, number][] | null;
}

/** The grade of a count of one or more. */
export function countGrade(count: number): number {
  return COUNT_STEPS.findLastIndex((step) => count >= step);
}

/** Cells with incidents; or those with late ones, with how many of how many. */
export function heat(groups: readonly Group[], mode: 'incidents' | 'late'): Mark[] {
  const known = groups.filter(({ key }) => key !== '-');
  const marks = known.map(({ key, counted, kept }) => {
    const late = counted - kept;
    const count = mode === 'late' ? late : counted;
    return { cell: key, count, text: mode === 'late' ? `${late}/${counted}` : String(counted) };
  });
  return marks.filter(({ count }) => count > 0).sort((a, b) => a.count - b.count)
    .map(({ cell, count, text }) => ({ cell, grade: countGrade(count), text, ring: null }));
}

/** Each cell of a city by the minutes until a unit would be there. */
export function covered({ features }: Pick<Coverage, 'features'>): Mark[] {
  return features.map(({ geometry, properties: { cell, seconds, target_s, within } }) => {
    const ring = geometry.coordinates[0]!.map(([lng, lat]) => [lat!, lng!] as [number, number]);
    if (seconds == null) return { cell, ring, grade: 'nobody' as const, text: '–' };
    const text = String(Math.ceil(seconds / 60));
    if (!within) return { cell, ring, grade: 'beyond' as const, text };
    const grade = TIME_STEPS.findIndex((share) => seconds <= share * target_s);
    return { cell, ring, grade: grade < 0 ? TIME_STEPS.length - 1 : grade, text };
  });
}
