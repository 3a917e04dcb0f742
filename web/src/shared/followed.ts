// Follows the journals of all areas that an account sees, with a follower for each.
import { useEffect } from 'preact/hooks';
import type { Follower } from './feed.ts';
import type { Area, Work } from './screen.tsx';

/** What the server lets one session follow. */
const AREAS_MAX = 64;

/** Follows each area of `work.areas` from when it is known until the component is gone. Cities come before regions. */
export function useFollowed(work: Work, follower: (area: Area) => Follower): void {
  const areas = work.areas.value;
  useEffect(() => {
    const first = areas.filter((area) => area.level === 'city');
    const all = [...first, ...areas.filter((area) => area.level !== 'city')].slice(0, AREAS_MAX);
    const ends = all.map((area) => work.feed.follow(area.code, follower(area)));
    return () => ends.forEach((end) => end());
  }, [areas]);
}
