// What happened, in words: the server's list, kept for when there is no network.
import { signal } from '@preact/signals';
import type { components } from '../gen/api.ts';
import type { Api } from '../shared/api.ts';
import { lang } from '../shared/i18n.ts';
import { id } from './words/id.ts';
import type { Scene } from './jobs.ts';
import type { Keep } from './kept.ts';
import { t } from './words.ts';

type Names = Record<string, { id: string; en: string }>;

const names = signal<Names>({});

export async function readKinds(api: Api, keep: Keep): Promise<void> {
  names.value = keep.read<Names>('kinds') ?? {};
  try {
    const told: components['schemas']['Kind'][] = await api.get('/kinds');
    names.value = Object.fromEntries(told.map((kind) => [kind.code, { id: kind.id, en: kind.en }]));
    keep.write('kinds', names.value);
  } catch {
    // The list of the last time serves; without one, the code itself is shown.
  }
}

/** What an officer calls it. */
export function kindName({ kind, origin, by_unit }: Scene): string {
  if (origin === 'panic') return t('job.panic', { unit: by_unit ?? '' });
  return names.value[kind]?.[lang.value] ?? kind.replaceAll('_', ' ');
}

/** Why a crew declines. The desk reads Indonesian, whatever language this phone shows. */
export const DECLINES = ['busy', 'vehicle', 'far', 'fuel', 'ill'] as const;
export const declineText = (why: (typeof DECLINES)[number]) => id[`decline.${why}`];
