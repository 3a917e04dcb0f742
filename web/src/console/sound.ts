// The siren's sound: two tones that swap, made here, so that no file has to load when a call comes in.

/** How long one swing of the two tones takes, seconds. */
const SWING_S = 0.5;
const TONES_HZ = [880, 620] as const;
const LOUD = 0.18;
const LOW_HZ = 330;
const BEEP_S = 0.8;

/** What stands in the way of a sound: nothing, a browser that waits for a touch, or no sound on this PC. */
export type Hindrance = 'none' | 'untouched' | 'mute';

/** How long a browser may take to let a page sound before it counts as not letting it, milliseconds. */
const WAKING_MS = 1_000;

export class Sound {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Told when the browser lets it sound, or no longer. */
  readonly #told: (hindrance: Hindrance) => void;
  #next_s = 0;

  constructor(told: (hindrance: Hindrance) => void) {
    this.#told = told;
    // Browsers let a page sound only after somebody touched it.
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, () => void this.#wake(), { capture: true });
  }

  /** Finds out whether it could sound, before it has to. */
  async prepare(): Promise<void> {
    await Promise.race([this.#wake(), new Promise((next) => setTimeout(next, WAKING_MS))]);
    this.#look();
  }

  get on(): boolean {
    return this.#timer !== undefined;
  }

  start(): void {
    if (this.on) return;
    void this.#wake();
    this.#look();
    this.#next_s = this.#context?.currentTime ?? 0;
    this.#swing();
    this.#timer = setInterval(() => this.#swing(), SWING_S * 500);
  }

  /** One low tone: not a call, something else is wrong. */
  beep(): void {
    void this.#wake();
    const context = this.#context;
    if (context?.state === 'running') this.#tone(context, LOW_HZ, context.currentTime, BEEP_S);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #wake(): Promise<void> {
    const context = (this.#context ??= this.#make());
    if (context && context.state !== 'running') await context.resume().catch(() => undefined);
  }

  /** None where the PC cannot sound at all. */
  #make(): AudioContext | null {
    try {
      const context = new AudioContext();
      context.onstatechange = () => this.#look();
      return context;
    } catch {
      return null;
    }
  }

  #look(): void {
    if (this.#context === null) this.#told('mute');
    else this.#told(this.#context.state === 'running' ? 'none' : 'untouched');
  }

  /** Keeps the next second filled with tones. */
  #swing(): void {
    const context = this.#context;
    if (!context || context.state !== 'running') return;
    this.#next_s = Math.max(this.#next_s, context.currentTime);
    while (this.#next_s < context.currentTime + 2 * SWING_S) {
      for (const [i, tone_hz] of TONES_HZ.entries()) this.#tone(context, tone_hz, this.#next_s + (i * SWING_S) / 2);
      this.#next_s += SWING_S;
    }
  }

  #tone(context: AudioContext, tone_hz: number, at_s: number, for_s = SWING_S / 2): void {
    const [from, loud] = [context.createOscillator(), context.createGain()];
    from.type = 'square';
    from.frequency.value = tone_hz;
    loud.gain.setValueAtTime(LOUD, at_s);
    loud.gain.linearRampToValueAtTime(0, at_s + for_s);
    from.connect(loud).connect(context.destination);
    from.start(at_s);
    from.stop(at_s + for_s);
  }
}
