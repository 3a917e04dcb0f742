// The console below its bar.
import { Connected } from '../shared/connected.tsx';
import type { Work } from '../shared/screen.tsx';

export function Console({ work }: { work: Work }) {
  return <Connected work={work} />;
}
