// The areas that a screen is connected to, and how far it has read their journals.
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { expose } from './hook.ts';
import { useFollowed } from './followed.ts';
import type { Area, Work } from './screen.tsx';
import { say } from './words.ts';

interface Read {
  area: Area;
  seq: number;
  events: number;
  resets: number;
  resumes: number;
}

export function Connected({ work }: { work: Work }) {
  const read = useMemo(() => signal(new Map<string, Read>()), []);
  const change = (area: Area, by: (read: Read) => Partial<Read>) => {
    const before = read.peek().get(area.code) ?? { area, seq: 0, events: 0, resets: 0, resumes: 0 };
    read.value = new Map(read.peek()).set(area.code, { ...before, ...by(before) });
  };
  useFollowed(work, (area) => ({
    reset: (frame) => change(area, ({ resets }) => ({ resets: resets + 1, seq: frame.cursor })),
    event: (frame) => change(area, ({ events }) => ({ events: events + 1, seq: frame.seq })),
    resumed: () => change(area, ({ resumes }) => ({ resumes: resumes + 1 })),
  }));
  useEffect(() => expose('areas', () => Object.fromEntries(read.peek())), []);
  return (
    <main class="connected">
      <ul>
        {[...read.value.values()].map(({ area, seq }) => (
          <li key={area.code}><b>{area.code}</b> {area.name} · {say('connected.read', { seq })}</li>
        ))}
      </ul>
    </main>
  );
}
