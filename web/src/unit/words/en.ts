import type { Same } from '../../shared/i18n.ts';
import type { id } from './id.ts';

export const en: Same<typeof id> = {
  'ride.none': 'You are signed on to no unit.',
  'ride.with': 'You ride with the unit {unit}.',
};
