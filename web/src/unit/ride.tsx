// The officer's app below its bar.
import type { Work } from '../shared/screen.tsx';
import { t } from './words.ts';

export function Ride({ work }: { work: Work }) {
  const unit = work.feed.hello.value?.unit;
  return <main class="connected"><p>{unit ? t('ride.with', { unit }) : t('ride.none')}</p></main>;
}
