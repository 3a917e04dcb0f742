// A list whose rows are walked by arrows: one of them is in the order of Tab.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export function Rows({ label, children }: { label: string; children: ComponentChildren }) {
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    const all = rowsIn(list.current);
    const stop = all.find((row) => row === document.activeElement) ?? all.find((row) => row.ariaCurrent === 'true') ?? all[0];
    settle(all, stop);
  });
  return <ul class="rows" ref={list} aria-label={label} onKeyDown={(event) => walk(event, list.current)}>{children}</ul>;
}

function rowsIn(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
}

/** One row is in the order of Tab. What is so already is not touched: each change costs the browser a look at its styles. */
function settle(all: HTMLElement[], stop: HTMLElement | undefined): void {
  for (const row of all) {
    const want = row === stop ? '0' : '-1';
    if (row.getAttribute('tabindex') !== want) row.setAttribute('tabindex', want);
  }
}

function walk(event: KeyboardEvent, list: HTMLElement | null): void {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  const all = rowsIn(list);
  const at = all.indexOf(document.activeElement as HTMLElement);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  settle(all, next);
  next?.focus();
}
