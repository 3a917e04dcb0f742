// The siren of this console: sounds while something rings at its desk and nobody took it; tells the system, too.
import { effect, signal } from '@preact/signals';
import { serverNow, tick } from '../../shared/clock.ts';
import { ringing } from '../logic/queue.ts';
import { mute, ring, SILENT, sounding, unmute, type SirenState } from '../logic/siren.ts';
import { Sound, type Hindrance } from '../sound.ts';
import { say } from '../words.ts';
import type { Desk } from './desk.ts';
import { Lost } from './lost.ts';
import { chosen } from './ui.ts';

export class Siren {
  readonly state = signal<SirenState>(SILENT);
  /** What keeps it from being heard: told before anything rings. */
  readonly hindrance = signal<Hindrance>('none');
  readonly notify = signal<NotificationPermission | 'none'>('Notification' in window ? Notification.permission : 'none');
  /** How often it began to sound, and how many notifications were shown. */
  sounded = 0;
  notified = 0;
  readonly #sound = new Sound((hindrance) => (this.hindrance.value = hindrance));
  readonly #shown = new Map<string, Notification>();
  readonly #lost = new Lost();

  /** Follows the desk; gives what ends it. */
  follow(desk: Desk): () => void {
    void this.#sound.prepare();
    const ends: (() => void)[] = [
      effect(() => {
        void desk.changed.value;
        void desk.shifts.value;
        const reports = ringing(desk.picture, { account: desk.account, seat: desk.seat });
        this.state.value = ring(this.state.peek(), reports.map(({ id }) => id));
        this.#tell(reports.map(({ id }) => id), desk.seat ?? '');
      }),
      effect(() => {
        const sounds = sounding(this.state.value, tick.value) === 'sounds';
        if (sounds && !this.#sound.on) {
          this.sounded++;
          this.#sound.start();
        } else if (!sounds) this.#sound.stop();
      }),
    ];
    ends.push(this.#lost.follow(desk.work.feed, () => desk.seat !== null, () => this.#sound.beep()));
    return () => {
      for (const end of ends) end();
      this.#sound.stop();
    };
  }

  toggle(): void {
    const now_ms = serverNow();
    this.state.value = sounding(this.state.value, now_ms) === 'muted' ? unmute(this.state.value) : mute(this.state.value, now_ms);
  }

  async allow(): Promise<void> {
    this.notify.value = await Notification.requestPermission();
  }

  /** What the page knows of it. */
  known() {
    const { ringing, until_ms } = this.state.value;
    return {
      is: sounding(this.state.value, serverNow()), ringing, until_ms, hindrance: this.hindrance.value,
      sounded: this.sounded, notified: this.notified, shown: [...this.#shown.keys()], lost: { sounded: this.#lost.sounded, shown: this.#lost.shown }, on: this.#sound.on,
    };
  }

  #tell(ids: string[], desk: string): void {
    for (const [id, shown] of this.#shown) {
      if (ids.includes(id)) continue;
      shown.close();
      this.#shown.delete(id);
    }
    if (this.notify.peek() !== 'granted') return;
    for (const id of ids) if (!this.#shown.has(id)) this.#show(id, desk);
  }

  #show(id: string, desk: string): void {
    try {
      // No name and no place: it shows on a locked screen, too.
      const shown = new Notification(say('notify.title'), { body: say('notify.body', { report: id, desk }), tag: id, requireInteraction: true });
      shown.onclick = () => {
        window.focus();
        chosen.value = { is: 'report', id };
      };
      this.#shown.set(id, shown);
      this.notified++;
    } catch {
      // Phones permit it to service workers alone; the siren is heard.
      this.notify.value = 'none';
    }
  }
}
