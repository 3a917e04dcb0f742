// Orders of this console, carried out by the API. What went wrong is told in words; nothing is shown before it is so.
import type { components } from '../../gen/api.ts';
import { LoggedOut } from '../../shared/problem.ts';
import { errorText } from '../../shared/words.ts';
import type { Order } from '../logic/command.ts';
import { ringing } from '../logic/queue.ts';
import { say } from '../words.ts';
import type { Desk } from './desk.ts';
import { areaOf } from './picture.ts';
import { chosen, pointed, saved, tell, written } from './ui.ts';

type Schemas = components['schemas'];

export class Orders {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Does it and says what came of it; gives whether it was done. */
  async #try(work: () => Promise<unknown>, done?: string): Promise<boolean> {
    try {
      await work();
      if (done !== undefined) tell(done);
      return true;
    } catch (error) {
      if (!(error instanceof LoggedOut)) tell(errorText(error), true);
      return false;
    }
  }

  get #api() {
    return this.#desk.work.api;
  }

  #read(incident: string): void {
    this.#desk.readAnew([`incident ${incident}`]);
  }

  sit(desk: string): Promise<boolean> {
    return this.#try(async () => {
      await this.#api.command('post', '/desks/{id}/shift', { path: { id: desk }, body: {} });
      this.#desk.readAnew([`desks ${desk.slice(0, desk.indexOf('.'))}`]);
    }, say('shift.began', { desk }));
  }

  getUp(): Promise<boolean> {
    return this.#try(() => this.#api.command('post', '/shift/end', { body: {} }), say('shift.ended'));
  }

  /** Takes a report; without a name, the one that rings longest here. */
  async claim(id: string | null, take_over = false): Promise<boolean> {
    const desk = this.#desk;
    const first = id ?? ringing(desk.picture, { account: desk.account, seat: desk.seat })[0]?.id;
    if (first === undefined) return tell(say('claim.none'), true), false;
    return this.#try(async () => {
      const report = await this.#api.command('post', '/reports/{id}/claim', { path: { id: first }, body: { take_over } });
      this.#took(report);
      chosen.value = { is: 'report', id: first };
    }, say('claim.done', { report: first }));
  }

  #took(report: Schemas['Report']): void {
    this.#desk.picture.reports.set(report.id, report);
    if (report.attention !== 'ringing') this.#desk.picture.rings.delete(report.id);
    this.#desk.touch();
  }

  newCall(body: Schemas['CallBody']): Promise<boolean> {
    // Whoever enters a call of their own city speaks with the caller: it is theirs, and rings at nobody's desk.
    const mine = this.#desk.seat !== null && areaOf(this.#desk.seat) === body.area;
    return this.#try(async () => {
      const report = await this.#api.command('post', '/calls', { body });
      this.#took(report);
      chosen.value = { is: 'report', id: report.id };
      if (mine) this.#took(await this.#api.command('post', '/reports/{id}/claim', { path: { id: report.id }, body: { take_over: false } }));
    }, say(mine ? 'call.mine' : 'call.made'));
  }

  call(id: string, call: Schemas['CallState']): Promise<boolean> {
    return this.#try(async () => this.#took(await this.#api.command('put', '/reports/{id}/call', { path: { id }, body: { call } })));
  }

  /** Saves what was typed about a report. */
  save(id: string): Promise<boolean> {
    return this.#try(() => this.#save(id), say('form.saved'));
  }

  async #save(id: string): Promise<void> {
    const body = written(id);
    if (!body) return;
    this.#took(await this.#api.command('patch', '/reports/{id}', { path: { id }, body }));
    saved(id, body);
  }

  /** Found valid: an incident opens, or it joins an open one; the console goes on with that. */
  valid(id: string, incident?: string): Promise<boolean> {
    return this.#try(async () => {
      await this.#save(id);
      const body: Schemas['JudgeBody'] = { valid: true, ...(incident ? { incident } : {}) };
      const told = await this.#api.command('post', '/reports/{id}/judge', { path: { id }, body });
      this.#took(told.report);
      if (!told.incident) return;
      this.#desk.picture.incidents.set(told.incident.id, told.incident);
      chosen.value = { is: 'incident', id: told.incident.id };
    }, say('judge.valid', { report: id }));
  }

  invalid(id: string, reason: Schemas['InvalidReason']): Promise<boolean> {
    return this.#try(async () => {
      await this.#save(id);
      const told = await this.#api.command('post', '/reports/{id}/judge', { path: { id }, body: { valid: false, reason, close: true } });
      this.#took(told.report);
    }, say('judge.invalid', { report: id }));
  }

  closeReport(id: string, closing: Schemas['Closing'], informed: Schemas['Informed']): Promise<boolean> {
    const body = { closing, informed };
    return this.#try(async () => this.#took(await this.#api.command('post', '/reports/{id}/close', { path: { id }, body })), say('report.closed', { report: id }));
  }

  reopen(id: string, reason: string): Promise<boolean> {
    return this.#try(async () => this.#took(await this.#api.command('post', '/reports/{id}/reopen', { path: { id }, body: { reason } })), say('report.reopened', { report: id }));
  }

  pass(id: string, desk: string | null): Promise<boolean> {
    return this.#try(async () => this.#took(await this.#api.command('post', '/reports/{id}/pass', { path: { id }, body: { desk } })), say('pass.done'));
  }

  callback(id: string, reached: boolean): Promise<boolean> {
    return this.#try(async () => this.#took(await this.#api.command('post', '/reports/{id}/callback', { path: { id }, body: { way: 'call', reached } })));
  }

  split(id: string): Promise<boolean> {
    return this.#try(async () => {
      const told = await this.#api.command('post', '/reports/{id}/split', { path: { id }, body: {} });
      if (told.incident) chosen.value = { is: 'incident', id: told.incident.id };
    }, say('split.done', { report: id }));
  }

  send(incident: string, unit: string, mode: Schemas['Manner']): Promise<boolean> {
    return this.#try(async () => {
      const body: Schemas['DispatchBody'] = { unit, mode, source: mode === 'assign' ? 'radio' : 'console' };
      await this.#api.command('post', '/incidents/{id}/dispatches', { path: { id: incident }, body });
      this.#read(incident);
    }, say(`sent.${mode}`, { unit, incident }));
  }

  step(dispatch: string, incident: string, to: Schemas['DispatchStatus'], more: { reason?: string; disposition?: Schemas['Disposition'] } = {}): Promise<boolean> {
    const unit = this.#desk.picture.dispatches.get(dispatch)?.unit ?? dispatch;
    return this.#try(async () => {
      await this.#api.command('post', '/dispatches/{id}/status', { path: { id: dispatch }, body: { to, source: 'radio', ...more } });
      this.#read(incident);
    }, say('step.done', { unit, status: say(`dstatus.${to}`) }));
  }

  handOver(dispatch: string, incident: string, unit: string): Promise<boolean> {
    return this.#try(async () => {
      const body: Schemas['HandOverBody'] = { unit, mode: 'assign', source: 'console' };
      await this.#api.command('post', '/dispatches/{id}/hand-over', { path: { id: dispatch }, body });
      this.#read(incident);
    }, say('handed.done', { unit }));
  }

  note(incident: string, text: string): Promise<boolean> {
    return this.#try(async () => {
      await this.#api.command('post', '/incidents/{id}/notes', { path: { id: incident }, body: { text } });
      this.#read(incident);
    }, say('note.done', { incident }));
  }

  priority(incident: string, priority: Schemas['Priority']): Promise<boolean> {
    return this.#try(async () => {
      await this.#api.command('put', '/incidents/{id}/priority', { path: { id: incident }, body: { priority } });
      this.#read(incident);
    }, say('priority.done', { incident, priority }));
  }

  merge(incident: string, into: string): Promise<boolean> {
    return this.#try(async () => {
      await this.#api.command('post', '/incidents/{id}/merge', { path: { id: incident }, body: { into } });
      this.#desk.readAnew([`incident ${incident}`, `incident ${into}`]);
      chosen.value = { is: 'incident', id: into };
    }, say('merge.done', { incident, into }));
  }

  close(incident: string, disposition: Schemas['Disposition']): Promise<boolean> {
    return this.#try(async () => {
      await this.#api.command('post', '/incidents/{id}/close', { path: { id: incident }, body: { disposition } });
      this.#read(incident);
    }, say('close.done', { incident }));
  }

  duty(unit: string, duty: Schemas['Duty']): Promise<boolean> {
    return this.#try(async () => {
      await this.#api.command('post', '/units/{id}/duty', { path: { id: unit }, body: { duty } });
    }, say('duty.done', { unit }));
  }

  /** What the command line says. */
  async run(order: Order): Promise<boolean> {
    switch (order.do) {
      case 'send': return this.send(order.incident, order.unit, order.mode);
      case 'note': return this.note(order.incident, order.text);
      case 'merge': return this.merge(order.incident, order.into);
      case 'close': return this.close(order.incident, order.disposition);
      case 'priority': return this.priority(order.incident, order.priority);
      case 'duty': return this.duty(order.unit, order.duty);
      case 'claim': return this.claim(order.report);
      case 'look': return this.look(order.id);
      default: return this.#ofUnit(order);
    }
  }

  look(id: string): boolean {
    const { reports, incidents, units } = this.#desk.picture;
    if (incidents.has(id)) chosen.value = { is: 'incident', id };
    else if (reports.has(id)) chosen.value = { is: 'report', id };
    else if (units.has(id)) pointed.value = id;
    return true;
  }

  async #ofUnit(order: Extract<Order, { do: 'step' | 'recall' | 'hand_over' }>): Promise<boolean> {
    const unit = order.do === 'hand_over' ? order.from : order.unit;
    const { units, dispatches } = this.#desk.picture;
    const dispatch = dispatches.get(units.get(unit)?.dispatch ?? '');
    if (!dispatch) return tell(say('unit.idle', { unit }), true), false;
    if (order.do === 'hand_over') return this.handOver(dispatch.id, dispatch.incident, order.to);
    if (order.do === 'recall') {
      return this.step(dispatch.id, dispatch.incident, 'recalled', order.reason ? { reason: order.reason } : {});
    }
    return this.step(dispatch.id, dispatch.incident, order.to, order.reason ? { reason: order.reason } : {});
  }
}
