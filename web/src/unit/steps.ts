// The steps of a dispatch as the crew takes them: what the server knows, with the taps that it has not heard of yet.
import type { DispatchStatus } from '../gen/frames.ts';

/** What a crew taps. */
export type Step = 'accepted' | 'declined' | 'en_route' | 'on_scene' | 'cleared';

const STEPS: Partial<Record<DispatchStatus, readonly Step[]>> = {
  offered: ['accepted', 'declined'],
  accepted: ['en_route', 'on_scene', 'cleared'],
  en_route: ['on_scene', 'cleared'],
  on_scene: ['cleared'],
};

const ORDER: readonly DispatchStatus[] = ['queued', 'offered', 'accepted', 'en_route', 'on_scene', 'cleared'];

/** The steps that may be taken from here, the usual one first. */
export function stepsFrom(status: DispatchStatus): readonly Step[] {
  return STEPS[status] ?? [];
}

/** Whether the dispatch claims its unit. */
export function holds(status: DispatchStatus): boolean {
  return stepsFrom(status).length > 0;
}

/** Whether it is not at an end. */
export function isOpen(status: DispatchStatus): boolean {
  return status === 'queued' || holds(status);
}

/** Where the work stands for the crew: taps that wait count, as far as they fit. */
export function shown(status: DispatchStatus, taps: readonly DispatchStatus[]): DispatchStatus {
  let at = status;
  for (const to of taps) if ((stepsFrom(at) as readonly DispatchStatus[]).includes(to)) at = to;
  return at;
}

/** Whether the server is already there or further: another phone of the crew, or a dispatcher, was faster. */
export function isPast(status: string, to: DispatchStatus): boolean {
  const [now, wanted] = [ORDER.indexOf(status as DispatchStatus), ORDER.indexOf(to)];
  return now >= 0 && wanted >= 0 && now >= wanted;
}
