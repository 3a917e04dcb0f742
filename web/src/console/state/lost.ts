// A console that has lost its feed hears of no call, and whoever looks elsewhere would not know: it is heard itself, and the
// system tells it.
import { effect } from '@preact/signals';
import { serverNow, tick, toServer } from '../../shared/clock.ts';
import type { Feed } from '../../shared/feed.ts';
import { PATIENCE_MS, soundsAgain } from '../logic/siren.ts';
import { say } from '../words.ts';

export class Lost {
  /** How often it sounded. */
  sounded = 0;
  #sounded_ms = -Infinity;
  #shown: Notification | null = null;

  /** Follows the feed where somebody is on duty; gives what ends it. */
  follow(feed: Feed, isOnDuty: () => boolean, beep: () => void): () => void {
    const end = effect(() => {
      const since_ms = feed.lostSince.value;
      void tick.value;
      // What another window has taken over is not lost.
      if (since_ms === null || feed.state.peek().is === 'closed' || !isOnDuty()) return this.#back();
      const lost_ms = serverNow() - toServer(since_ms);
      if (lost_ms >= PATIENCE_MS) this.#show();
      if (!soundsAgain(lost_ms, performance.now() - this.#sounded_ms)) return;
      this.#sounded_ms = performance.now();
      this.sounded++;
      beep();
    });
    return () => {
      end();
      this.#back();
    };
  }

  get shown(): boolean {
    return this.#shown !== null;
  }

  #show(): void {
    if (this.#shown || !('Notification' in window) || Notification.permission !== 'granted') return;
    try {
      const shown = new Notification(say('lost.title'), { body: say('lost.body'), tag: 'lost', requireInteraction: true });
      shown.onclick = () => window.focus();
      this.#shown = shown;
    } catch {
      // Phones permit it to service workers alone.
    }
  }

  #back(): void {
    this.#shown?.close();
    this.#shown = null;
  }
}
