// Names of what people report.
import { signal } from '@preact/signals';
import type { components } from '../../gen/api.ts';
import type { Api } from '../../shared/api.ts';
import { pause } from '../../shared/backoff.ts';
import { lang } from '../../shared/i18n.ts';
import { isPassing } from '../../shared/problem.ts';

const kinds = signal<ReadonlyMap<string, components['schemas']['Kind']>>(new Map());

export async function readKinds(api: Api): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      kinds.value = new Map((await api.get('/kinds')).map((kind) => [kind.code, kind]));
      return;
    } catch (error) {
      // Codes are shown until then; a login that has ended shows by itself.
      if (!isPassing(error)) return;
      await new Promise((next) => setTimeout(next, pause(tries, 10_000)));
    }
  }
}

/** A kind's name; free text stays as it is. */
export function kindText(code: string): string {
  const kind = kinds.value.get(code);
  return kind ? kind[lang.value] : code.replaceAll('_', ' ');
}
