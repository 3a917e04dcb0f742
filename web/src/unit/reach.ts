// Whether the server can be reached now, and since when it cannot.
import { computed, effect, signal } from '@preact/signals';
import type { Feed } from '../shared/feed.ts';

export class Reach {
  readonly #has_network = signal(navigator.onLine);
  /** Since when there is no line, by this device's clock; null while there is one. */
  readonly cutSince = signal<number | null>(Date.now());
  readonly #feed: Feed;
  /** Frames can be sent, and the server speaks. */
  readonly up = computed(() => this.#has_network.value && this.#feed.hello.value !== null && this.#feed.state.value.is !== 'stale');

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /** Watches; gives what ends it. */
  start(): () => void {
    // What the browser says of no network is true; what it says of a network may not be. After an outage the phone may
    // have another address: the socket from before looks open and leads nowhere, so a new one is opened at once.
    const look = () => {
      const is_back = navigator.onLine && !this.#has_network.peek();
      if (is_back && this.#feed.state.peek().is !== 'closed') this.#feed.start();
      this.#has_network.value = navigator.onLine;
    };
    addEventListener('online', look);
    addEventListener('offline', look);
    const end = effect(() => {
      const up = this.up.value;
      this.cutSince.value = up ? null : (this.cutSince.peek() ?? this.#feed.lostSince.peek() ?? Date.now());
    });
    return () => {
      end();
      removeEventListener('online', look);
      removeEventListener('offline', look);
    };
  }
}
