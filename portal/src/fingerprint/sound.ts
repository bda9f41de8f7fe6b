// SPDX-License-Identifier: Apache-2.0
/*
 * Sound to `chromaprint`: the limits and refusals of stillmine.fingerprint.sound.audio. The server resamples with FFmpeg and Chromaprint
 * does it here, so that a few bits differ: spec/portal.md.
 */

import { AudioSampleSink, type AudioSample, type InputAudioTrack } from "mediabunny";
import { ChannelMeter, monoOf } from "./channels";
import { SoundStream } from "./chromaprint";
import { MAXIMUM_SOUND_SECONDS, MINIMUM_SOUND_CHANGE, MINIMUM_SOUND_LEVEL, MINIMUM_SOUND_VALUES } from "./limits";
import type { FileNote } from "./made";
import type { Part } from "./shown_parts";

export interface SoundFingerprint {
  /** Null where there is a reason in `notes`. */
  readonly text: string | null;
  readonly notes: readonly FileNote[];
}

/** Mono, -1 to 1. */
export interface SoundPiece {
  readonly samples: Float32Array;
  readonly rate: number;
}

/**
 * Return what the parts of a track's sound give, one after the other; `delay` is how many samples come before it. Rejects with FileError
 * where a part of the engine does not load.
 */
export async function fingerprintTrack(
  track: InputAudioTrack,
  parts: readonly Part[],
  delay: number,
  onProgress: (share: number) => void,
): Promise<SoundFingerprint> {
  const meter = new ChannelMeter();
  const mixed = await fingerprintPieces(withoutDelay(piecesOf(track, parts, { meter, only: null }, onProgress), delay));
  const only = meter.neededChannel;
  return only === null
    ? mixed
    : fingerprintPieces(withoutDelay(piecesOf(track, parts, { meter: null, only }, onProgress), delay));
}

/** Return what sound gives that comes in pieces; a rejection of `pieces` after the first one counts as an early end. */
export async function fingerprintPieces(pieces: AsyncIterable<SoundPiece>): Promise<SoundFingerprint> {
  const listener = new Listener();
  const notes: FileNote[] = [];
  try {
    try {
      for await (const piece of pieces) {
        if (!(await listener.hear(piece))) {
          notes.push("longer_than_read");
          break;
        }
      }
    } catch (error) {
      if (!listener.hasHeard) throw error;
      notes.push("ends_early");
    }
    return listener.judge(notes);
  } finally {
    listener.free();
  }
}

class Listener {
  #stream: SoundStream | null = null;
  #rate = 0;
  #count = 0;
  #squares = 0;

  get hasHeard(): boolean {
    return this.#count > 0;
  }

  /** False where the sound is longer than is listened to. */
  async hear({ samples, rate }: SoundPiece): Promise<boolean> {
    this.#stream ??= await SoundStream.begin((this.#rate = rate));
    const remaining = MAXIMUM_SOUND_SECONDS * this.#rate - this.#count;
    const accepted = toSixteenBit(rate === this.#rate ? samples : atRate(samples, rate, this.#rate)).subarray(
      0,
      remaining,
    );
    for (const sample of accepted) this.#squares += sample * sample;
    this.#count += accepted.length;
    this.#stream.add(accepted);
    return samples.length <= remaining;
  }

  judge(notes: readonly FileNote[]): SoundFingerprint {
    if (!this.#stream || this.#count === 0) return { text: null, notes: ["sound_not_readable"] };
    const { values, text } = this.#stream.finish();
    const isQuiet = Math.sqrt(this.#squares / this.#count) < MINIMUM_SOUND_LEVEL;
    if (isQuiet) return { text: null, notes: ["sound_without_detail"] };
    if (values.length < MINIMUM_SOUND_VALUES) return { text: null, notes: ["sound_too_short"] };
    if (changeOf(values) < MINIMUM_SOUND_CHANGE) return { text: null, notes: ["sound_without_detail"] };
    return { text, notes };
  }

  free(): void {
    this.#stream?.free();
    this.#stream = null;
  }
}

/** Return the share of bits in which neighbouring values differ. */
export function changeOf(values: Uint32Array): number {
  let bits = 0;
  for (let place = 1; place < values.length; place += 1) {
    for (
      let rest = ((values[place] ?? 0) ^ (values[place - 1] ?? 0)) >>> 0;
      rest !== 0;
      rest = (rest & (rest - 1)) >>> 0
    )
      bits += 1;
  }
  return values.length < 2 ? 0 : bits / 32 / (values.length - 1);
}

export function toSixteenBit(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))));
}

/** For the rare file that changes its rate on the way: the nearest sample is near enough for a fingerprint of its second part. */
function atRate(samples: Float32Array, from: number, to: number): Float32Array {
  return Float32Array.from(
    { length: Math.floor((samples.length * to) / from) },
    (_, place) => samples[Math.floor((place * from) / to)] ?? 0,
  );
}

async function* withoutDelay(pieces: AsyncIterable<SoundPiece>, delay: number): AsyncGenerator<SoundPiece> {
  let rest = delay;
  for await (const { samples, rate } of pieces) {
    const left = samples.subarray(rest);
    rest = Math.max(0, rest - samples.length);
    yield { samples: left, rate };
  }
}

/** The mix, which is measured as it passes, or one channel alone. */
interface ChannelMix {
  readonly meter: ChannelMeter | null;
  readonly only: number | null;
}

/** Of a track without edits, what comes before time 0 is the encoder's, not the sound's. */
async function* piecesOf(
  track: InputAudioTrack,
  parts: readonly Part[],
  { meter, only }: ChannelMix,
  onProgress: (share: number) => void,
): AsyncGenerator<SoundPiece> {
  const seconds = Math.min(MAXIMUM_SOUND_SECONDS, (await track.getDurationFromMetadata()) ?? MAXIMUM_SOUND_SECONDS);
  for (const { from, to, shift } of parts) {
    const begin = from === -Infinity ? 0 : from;
    for await (const sample of new AudioSampleSink(track).samples(from, to)) {
      const { sampleRate: rate, timestamp } = sample;
      const [early, end] = [
        Math.max(0, Math.round((begin - timestamp) * rate)),
        Math.max(0, Math.round((to - timestamp) * rate)),
      ];
      const channels = channelsOf(sample).map((channel) => channel.subarray(early, end));
      meter?.hear(channels);
      onProgress(Math.max(0, Math.min(1, (timestamp + shift) / seconds)));
      sample.close();
      yield { samples: monoOf(channels, only), rate };
    }
  }
}

function channelsOf(sample: AudioSample): Float32Array[] {
  return Array.from({ length: sample.numberOfChannels }, (_, planeIndex) => {
    const channel = new Float32Array(sample.numberOfFrames);
    sample.copyTo(channel, { planeIndex, format: "f32-planar" });
    return channel;
  });
}
