// What the crew has to know: each stays until somebody has touched it.
import { errorText } from '../shared/words.ts';
import type { Crew, Notice } from './crew.ts';
import { t } from './words.ts';

export function Notices({ crew }: { crew: Crew }) {
  return (
    <>
      {crew.notices.value.map((notice, n) => (
        <section key={n} class={`notice${notice.is === 'helped' ? ' help' : ''}`} role="alert" data-test="notice" data-is={notice.is}>
          <p>{noticeText(notice)}</p>
          <button type="button" onClick={() => crew.dismiss(notice)}>{t('notice.ok')}</button>
        </section>
      ))}
    </>
  );
}

function noticeText(notice: Notice): string {
  switch (notice.is) {
    case 'helped': return t('notice.helped', { incident: notice.incident });
    case 'removed': return t('notice.removed', { unit: notice.unit });
    case 'refused': {
      const why = errorText(notice.problem);
      if (notice.what.type === 'panic') return t('notice.refused.panic', { why });
      return notice.what.type === 'note' ? t('notice.refused.note', { why }) : t('notice.refused.step', { why });
    }
    case 'ended': {
      const { incident, how, why } = notice;
      const text = how === 'recalled' || how === 'expired' ? t(`notice.${how}`, { incident }) : t('notice.gone', { incident });
      return how === 'recalled' && why ? `${text} ${t('notice.why', { why })}` : text;
    }
  }
}
