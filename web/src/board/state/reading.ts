// Something that is read now and then: the newest answer, and what went wrong with the last try.
import { signal, untracked } from '@preact/signals';
import { LoggedOut, Offline, Problem } from '../../shared/problem.ts';

export class Reading<T> {
  readonly value = signal<T | null>(null);
  /** What went wrong with the last try; `value` is then older than it should be. */
  readonly wrong = signal<Problem | Offline | null>(null);
  #turn = 0;
  #about: string | null = null;

  /** Reads what tells `about` something; an answer that a newer question has overtaken is dropped, and so is what was about something else. */
  async read(about: string, ask: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    if (about !== this.#about) this.value.value = this.wrong.value = null;
    this.#about = about;
    try {
      // Whoever reads in an effect is not to depend on what the request looks at.
      const answer = await untracked(ask);
      if (turn !== this.#turn) return;
      this.value.value = answer;
      this.wrong.value = null;
    } catch (error) {
      // A login that has ended shows by itself.
      if (error instanceof LoggedOut) return;
      if (!(error instanceof Problem || error instanceof Offline)) throw error;
      if (turn === this.#turn) this.wrong.value = error;
    }
  }
}
