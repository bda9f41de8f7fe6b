// SPDX-License-Identifier: Apache-2.0
/*
 * Whether channels silence each other when they are mixed to one, and which of them to listen to then: the rules of
 * stillmine.fingerprint.sound.channels, held by vectors/channels.json. For the whole of a sound: in ordinary stereo short stretches cancel too.
 */

import { SILENCED } from "./limits";

/** Hears pieces as they are decoded; `neededChannel` is whole after all of them. */
export class ChannelMeter {
  readonly #energies: number[] = [];
  #energyOfSum = 0;

  /** Take a piece into account, one array for each channel. */
  hear(channels: readonly Float32Array[]): void {
    const length = channels[0]?.length ?? 0;
    for (let place = 0; place < length; place += 1) {
      let sum = 0;
      for (let channel = 0; channel < channels.length; channel += 1) {
        const sample = channels[channel]?.[place] ?? 0;
        sum += sample;
        this.#energies[channel] = (this.#energies[channel] ?? 0) + sample * sample;
      }
      this.#energyOfSum += sum * sum;
    }
  }

  /** The loudest channel, the first of equals, where the mix is silenced; else null. */
  get neededChannel(): number | null {
    const all = this.#energies.reduce((sum, energy) => sum + energy, 0);
    if (this.#energyOfSum >= SILENCED * all) return null;
    return this.#energies.indexOf(Math.max(...this.#energies));
  }
}

/** Return the mix, in which all channels count the same, or one of them; in floating point, so that nothing is rounded twice. */
export function monoOf(channels: readonly Float32Array[], only: number | null): Float32Array<ArrayBuffer> {
  const chosen = only === null ? channels : channels.slice(Math.min(only, channels.length - 1)).slice(0, 1);
  const mono = new Float32Array(channels[0]?.length ?? 0);
  for (const channel of chosen) {
    for (let place = 0; place < mono.length; place += 1)
      mono[place] = (mono[place] ?? 0) + (channel[place] ?? 0) / chosen.length;
  }
  return mono;
}
