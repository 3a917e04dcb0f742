// A unit that is dragged onto an incident.

const UNIT = 'application/x-sigap-unit';

/** What makes an element a unit that can be dragged. */
export function givesUnit(unit: string) {
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      event.dataTransfer?.setData(UNIT, unit);
      event.dataTransfer?.setData('text/plain', unit);
    },
  };
}

/** What makes an element an incident that takes one. */
export function takesUnit(drop: (unit: string) => unknown) {
  const has = (event: DragEvent) => event.dataTransfer?.types.includes(UNIT) ?? false;
  const mark = (event: DragEvent, on: boolean) => (event.currentTarget as HTMLElement).toggleAttribute('data-over', on);
  return {
    onDragOver: (event: DragEvent) => {
      if (!has(event)) return;
      event.preventDefault();
      mark(event, true);
    },
    onDragLeave: (event: DragEvent) => mark(event, false),
    onDrop: (event: DragEvent) => {
      if (!has(event)) return;
      event.preventDefault();
      mark(event, false);
      const unit = event.dataTransfer?.getData(UNIT);
      if (unit) drop(unit);
    },
  };
}
