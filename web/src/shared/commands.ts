// Commands that go over the socket and wait for their reply: sent again on the next socket under the same name, so that
// each is done once.
import type { SendNote, SendPanic, SendStep, ToldReply } from '../gen/frames.ts';
import { Offline, Problem } from './problem.ts';

export type Command = SendStep | SendPanic | SendNote;

/** Commands that may wait for a reply. */
const WAITING_MAX = 64;
/** How long one waits, milliseconds. */
const PATIENCE_MS = 30_000;

interface Waiting {
  frame: Command;
  done(value: unknown): void;
  failed(error: Error): void;
  deadline: ReturnType<typeof setTimeout>;
}

export class Commands {
  readonly #waiting = new Map<string, Waiting>();

  /** Waits for the reply to this command. Rejects with `Problem`, or with `Offline`: then it may be sent again as it is. */
  add(frame: Command): Promise<unknown> {
    if (this.#waiting.size >= WAITING_MAX) return Promise.reject(new Offline('too many commands wait'));
    return new Promise((done, failed) => {
      const deadline = setTimeout(() => this.#take(frame.command_id)?.failed(new Offline('no reply')), PATIENCE_MS);
      this.#waiting.set(frame.command_id, { frame, done, failed, deadline });
    });
  }

  /** What has to be sent on a new socket, in the order in which it was given. */
  get unanswered(): Command[] {
    return Array.from(this.#waiting.values(), (waiting) => waiting.frame);
  }

  hear({ command_id, ok, problem }: ToldReply): void {
    const waiting = this.#take(command_id);
    if (problem) waiting?.failed(new Problem(problem));
    else waiting?.done(ok);
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting) clearTimeout(waiting.deadline);
    this.#waiting.delete(id);
    return waiting;
  }
}
