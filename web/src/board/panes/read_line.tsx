// When figures were read, or what keeps them from being read.
import type { Zone } from '../../shared/format.ts';
import { errorText } from '../../shared/words.ts';
import { readAt } from '../state/live.ts';
import type { Reading } from '../state/reading.ts';
import { say } from '../words.ts';

export function ReadLine({ reading, at, zone = 'WITA' }: { reading: Reading<unknown>; at: number | undefined; zone: Zone | undefined }) {
  const wrong = reading.wrong.value;
  return (
    <p class={wrong ? 'read warn' : 'read dim'} role="status">
      {wrong ? say('read.wrong', { why: errorText(wrong) }) : at === undefined ? say('read.reading') : ''}
      {at !== undefined && <> {readAt(at, zone)}</>}
    </p>
  );
}
