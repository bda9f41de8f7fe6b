// SPDX-License-Identifier: Apache-2.0
/*
 * The pictures of a video through the browser's own decoder (WebCodecs), in the worker. Pictures are looked at as they come and
 * closed at once: decoders stop when too many are held. Damaged pieces are left out, and the end says so.
 */

import { EncodedPacketSink, type EncodedPacket, type InputVideoTrack } from "mediabunny";
import { pixelsOf, type Canvas } from "./canvas";
import { FrameTimes, type Span } from "./frame_times";
import type { FrameReader, ReadingEnd, Shown, Turn } from "./frames";
import { MAXIMUM_DAMAGED_PACKETS, MAXIMUM_FRAME_PIXELS, MAXIMUM_PACKETS } from "./limits";
import { FileError, UndecodableError } from "./problems";
import { endOf, type Part } from "./shown_parts";

const QUEUED_PACKETS = 12;
const MINIMUM_SHORTFALL_SECONDS = 1;
const SHORTFALL_OF_DURATION = 0.02;
const SECOND = 1_000_000;
/** Decoders are given whole microseconds, cut off; no two pictures are as near. */
const ROUNDING_MICROSECONDS = 2;
/** Behind the first key picture after a part there may still be pictures that are shown before it. */
const KEYS_BEHIND_PART = 2;
/** Clockwise degrees, then mirrored or not, to the kernel's names, which turn counter-clockwise. */
const TURNS: Record<string, Turn> = {
  "0": "original",
  "90": "rotate270",
  "180": "rotate180",
  "270": "rotate90",
  "0 mirrored": "flip_horizontal",
  "90 mirrored": "transpose",
  "180 mirrored": "flip_vertical",
  "270 mirrored": "transverse",
};

/** Return how the browser decodes a track here; null where it can't. */
export async function decoderConfigOf(track: InputVideoTrack): Promise<VideoDecoderConfig | null> {
  if (typeof VideoDecoder === "undefined") return null;
  try {
    const config = await track.getDecoderConfig();
    return config && (await VideoDecoder.isConfigSupported(config)).supported ? config : null;
  } catch {
    return null;
  }
}

/** What is to be read of a track; `pictureEnd` is null where the file does not say when its pictures end. */
export interface VideoPlan {
  readonly track: InputVideoTrack;
  readonly parts: readonly Part[];
  /** Null where mediabunny knows it. */
  readonly turn: Turn | null;
  readonly pictureEnd: number | null;
}

/** Rejects with FileError and UndecodableError. */
export function videoReader(
  { track, parts, turn: known, pictureEnd }: VideoPlan,
  config: VideoDecoderConfig,
  canvas: Canvas,
): FrameReader {
  return async (take, onProgress) => {
    if ((await track.getCodedWidth()) * (await track.getCodedHeight()) > MAXIMUM_FRAME_PIXELS)
      throw new FileError("too_large");
    const turn =
      known ?? TURNS[`${await track.getRotation()}${(await track.getFlip()) ? " mirrored" : ""}`] ?? "original";
    const declared = endOf(parts, await track.getDurationFromMetadata()) ?? 0;
    const reading = new Reading(config, (frame, span) => take(shownOf(frame, span, turn, canvas)));
    try {
      await reading.readAll(new EncodedPacketSink(track), parts, (seconds) =>
        onProgress(declared > 0 ? Math.min(1, seconds / declared) : 0),
      );
      return reading.end(endOf(parts, pictureEnd));
    } finally {
      reading.close();
    }
  };
}

function shownOf(frame: VideoFrame, span: Span, turn: Turn, canvas: Canvas): Shown {
  const width = frame.visibleRect?.width ?? frame.codedWidth;
  const height = frame.visibleRect?.height ?? frame.codedHeight;
  if (width * height > MAXIMUM_FRAME_PIXELS) throw new FileError("too_large");
  return { ...span, width, height, turn, pixels: pixelsOf(frame, width, height, canvas) };
}

/** One way through the parts of a track, in the order in which they are shown. */
class Reading {
  readonly #times = new FrameTimes();
  #part: Part = { from: -Infinity, to: Infinity, shift: 0 };
  #packets = 0;
  #decoder: VideoDecoder;
  #waitsForKey = true;
  #shown: VideoFrame | null = null;
  #damaged = 0;
  #failure: Error | null = null;

  constructor(
    readonly config: VideoDecoderConfig,
    readonly take: (frame: VideoFrame, span: Span) => void,
  ) {
    this.#decoder = this.#open();
  }

  async readAll(sink: EncodedPacketSink, parts: readonly Part[], onTime: (seconds: number) => void): Promise<void> {
    for (const part of parts) {
      this.#part = part;
      try {
        await this.#readPart(sink, part, onTime);
      } catch {
        this.#damaged += 1; // the rest of the part can't be read
      }
      await this.#flush();
    }
    const span = this.#times.end();
    if (span && this.#shown) this.#give(this.#shown, span);
    if (this.#failure) throw this.#failure;
  }

  /** From the key picture before the part on: what comes before it is decoded, and not shown. */
  async #readPart(
    sink: EncodedPacketSink,
    { from, to, shift }: Part,
    onTime: (seconds: number) => void,
  ): Promise<void> {
    const isWhole = from === -Infinity;
    const first = isWhole ? null : await sink.getKeyPacket(from, { verifyKeyPackets: true });
    let keysBehind = 0;
    for await (const packet of sink.packets(first ?? undefined, undefined, { verifyKeyPackets: true })) {
      this.#packets += 1;
      if (this.#isOver() || this.#packets > MAXIMUM_PACKETS) return;
      if (packet.type === "key" && packet.timestamp >= to) keysBehind += 1;
      if (keysBehind === KEYS_BEHIND_PART) return;
      await this.#decode(packet);
      if (this.#packets % 16 === 0) onTime(packet.timestamp + shift);
    }
  }

  /** `declaredEnd` is when the pictures should end; null where nobody says so. */
  end(declaredEnd: number | null): ReadingEnd {
    const isLimited = this.#times.isLimited;
    const shortfall = (declaredEnd ?? 0) - this.#times.endSeconds;
    const isShort = shortfall > Math.max(MINIMUM_SHORTFALL_SECONDS, SHORTFALL_OF_DURATION * (declaredEnd ?? 0));
    return { isLimited, endsEarly: !isLimited && (this.#damaged > 0 || isShort) };
  }

  close(): void {
    this.#shown?.close();
    this.#shown = null;
    if (this.#decoder.state !== "closed") this.#decoder.close();
  }

  #isOver(): boolean {
    return this.#failure !== null || this.#times.isLimited || this.#damaged > MAXIMUM_DAMAGED_PACKETS;
  }

  #open(): VideoDecoder {
    const decoder = new VideoDecoder({ output: (frame) => this.#receive(frame), error: () => (this.#damaged += 1) });
    decoder.configure(this.config);
    this.#waitsForKey = true;
    return decoder;
  }

  async #decode(packet: EncodedPacket): Promise<void> {
    if (this.#decoder.state === "closed") this.#decoder = this.#open();
    if (this.#waitsForKey && packet.type !== "key") return;
    this.#waitsForKey = false;
    try {
      this.#decoder.decode(packet.toEncodedVideoChunk());
    } catch {
      this.#damaged += 1;
      return;
    }
    while (this.#decoder.state === "configured" && this.#decoder.decodeQueueSize > QUEUED_PACKETS) await nextTask();
  }

  async #flush(): Promise<void> {
    this.#waitsForKey = true;
    try {
      if (this.#decoder.state === "configured") await this.#decoder.flush();
    } catch {
      this.#damaged += 1;
    }
  }

  #receive(frame: VideoFrame): void {
    const { from, to, shift } = this.#part;
    const isShown =
      frame.timestamp + ROUNDING_MICROSECONDS >= from * SECOND && frame.timestamp + ROUNDING_MICROSECONDS < to * SECOND;
    if (this.#isOver() || !isShown) {
      frame.close();
      return;
    }
    const duration = Math.min(frame.duration ?? 0, to * SECOND - frame.timestamp);
    const span = this.#times.next(Math.round(frame.timestamp + shift * SECOND), duration);
    if (span && this.#shown) this.#give(this.#shown, span);
    this.#shown?.close();
    this.#shown = frame;
  }

  #give(frame: VideoFrame, span: Span): void {
    try {
      this.take(frame, span);
    } catch (error) {
      this.#failure = error instanceof FileError ? error : new UndecodableError();
    }
  }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
