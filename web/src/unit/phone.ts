// What the phone itself can do: battery, vibration and a ring. Each is missing somewhere, and
// the app works without it.
import { signal } from '@preact/signals';

interface Battery extends EventTarget {
  level: number;
  charging: boolean;
}

/** Percent and whether it charges; null where the browser does not say. */
export const battery = signal<{ pct: number; is_charging: boolean } | null>(null);

void (navigator as { getBattery?: () => Promise<Battery> }).getBattery?.().then((found) => {
  const look = () => (battery.value = { pct: Math.round(found.level * 100), is_charging: found.charging });
  found.addEventListener('levelchange', look);
  found.addEventListener('chargingchange', look);
  look();
}, () => undefined);

let sound: AudioContext | null = null;

/** Whether rings can be heard: browsers give no sound before the first touch. */
export const audible = signal(false);

function unlock(): void {
  sound ??= new AudioContext();
  void sound.resume().then(() => (audible.value = sound?.state === 'running'), () => undefined);
}

addEventListener('pointerdown', unlock);
addEventListener('keydown', unlock);

/** Two tones, and vibration with them. */
export function ring(): void {
  buzz([250, 100, 250]);
  if (sound?.state !== 'running') return;
  tone(880, 0);
  tone(1_175, 0.2);
}

export function buzz(pattern: number | number[]): void {
  navigator.vibrate?.(pattern);
}

function tone(hertz: number, after_s: number): void {
  if (!sound) return;
  const [oscillator, gain] = [sound.createOscillator(), sound.createGain()];
  const at = sound.currentTime + after_s;
  oscillator.type = 'square';
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(0.35, at);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.18);
  oscillator.connect(gain).connect(sound.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.2);
}
