// The month on paper: a page to print, a table for spreadsheets. Both are asked for with the login of this screen.
import type { Api, Parts } from '../../shared/api.ts';
import { lang } from '../../shared/i18n.ts';

type CsvQuery = NonNullable<Parts<'get', '/areas/{code}/sla/report'>['query']>;
export const GROUPINGS = ['day', 'hour', 'priority', 'category', 'district', 'unit', 'area'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Opens the printable page in a window of its own; where the browser opens none, it is saved as a file. */
export async function openPage(api: Api, code: string, month: string): Promise<void> {
  // Opened before anything is awaited: later the browser would take it for an advertisement.
  const opened = window.open('', '_blank');
  try {
    const text = await api.text('text/html', '/areas/{code}/sla/report.html', { path: { code }, query: { month, lang: lang.value } });
    if (opened) show(opened, text);
    else save(text, 'text/html', `sigap-${code}-${month}.html`);
  } catch (error) {
    opened?.close();
    throw error;
  }
}

/**
 * Puts the page into the window. This screen's policy holds there as well and takes no style out of a page: it is cut out
 * before anything looks at it, and set.
 */
function show(opened: Window, text: string): void {
  let css = '';
  const bare = text.replace(/<style>([^]*?)<\/style>/, (_, style: string) => {
    css = style;
    return '';
  });
  const page = new DOMParser().parseFromString(bare, 'text/html');
  const { document } = opened;
  document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
  const sheet = new (opened as Window & typeof globalThis).CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}

export async function saveTable(api: Api, code: string, month: string, by: Grouping): Promise<void> {
  // The description gives `by` a type that no word has.
  const query = { month, by, format: 'csv' } as unknown as CsvQuery;
  const text = await api.text('text/csv', '/areas/{code}/sla/report', { path: { code }, query });
  save(text, 'text/csv;charset=utf-8', `sigap-${code}-${month}-${by}.csv`);
}

function save(text: string, type: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
