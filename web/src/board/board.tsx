// The board below its bar.
import { Connected } from '../shared/connected.tsx';
import type { Work } from '../shared/screen.tsx';

export function Board({ work }: { work: Work }) {
  return <Connected work={work} />;
}
