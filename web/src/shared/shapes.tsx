// Shapes for states, the same on the map and in lists: colour, shape and word always go together.
export type UnitStatus = 'free' | 'dispatched' | 'enroute' | 'onscene' | 'oos' | 'off';

/** How an incident stands with the promise: in time, at risk, late; come in time, come too late. */
export type SlaState = 'ok' | 'risk' | 'late' | 'kept' | 'missed';

/** In a box of 16 by 16. */
export const UNIT_SHAPES: Record<UnitStatus, string> = {
  free: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z',
  dispatched: 'M8 .5 15.5 8 8 15.5.5 8z',
  enroute: 'M8 1 15 14.5H1z',
  onscene: 'M1.5 1.5h13v13h-13z',
  oos: 'M3 1 8 6l5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z',
  off: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 3a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z',
};

/** The colour of a unit's state, as a name of base.css. */
export const UNIT_COLOURS: Record<UnitStatus, string> = {
  free: '--free', dispatched: '--dispatched', enroute: '--enroute', onscene: '--onscene', oos: '--off', off: '--off',
};

const SLA_SHAPES: Record<SlaState, string> = {
  ok: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z',
  risk: 'M8 .8 15.6 15H.4zM7.1 6v4.4h1.8V6zm0 5.4v1.8h1.8v-1.8z',
  late: 'M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5zM7 3.5V9h2V3.5zm0 7v2h2v-2z',
  kept: 'M6.2 13.6.8 8.2 3 6l3.2 3.2L13 2.4l2.2 2.2z',
  missed: 'M3 1 8 6l5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z',
};

export function UnitShape({ status }: { status: UnitStatus }) {
  return <svg class="shape" viewBox="0 0 16 16" aria-hidden="true"><path fill-rule="evenodd" d={UNIT_SHAPES[status]} /></svg>;
}

export function SlaShape({ is }: { is: SlaState }) {
  return <svg class="shape" viewBox="0 0 16 16" aria-hidden="true"><path fill-rule="evenodd" d={SLA_SHAPES[is]} /></svg>;
}
