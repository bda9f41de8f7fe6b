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

const QUEUED_PACKETS = 12;
const MINIMUM_SHORTFALL_SECONDS = 1;
const SHORTFALL_OF_DURATION = 0.02;
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

/** Rejects with FileError and UndecodableError. */
export function videoReader(track: InputVideoTrack, config: VideoDecoderConfig, canvas: Canvas): FrameReader {
  return async (take, onProgress) => {
    if ((await track.getCodedWidth()) * (await track.getCodedHeight()) > MAXIMUM_FRAME_PIXELS) throw new FileError("too_large");
    const turn = TURNS[`${await track.getRotation()}${(await track.getFlip()) ? " mirrored" : ""}`] ?? "original";
    const declared = (await track.getDurationFromMetadata()) ?? 0;
    const reading = new Reading(config, (frame, span) => take(shownOf(frame, span, turn, canvas)));
    try {
      await reading.readAll(new EncodedPacketSink(track), (seconds) => onProgress(declared > 0 ? Math.min(1, seconds / declared) : 0));
      return reading.end(declared);
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

/** One way through the packets of a track. */
class Reading {
  readonly #times = new FrameTimes();
  #decoder: VideoDecoder;
  #waitsForKey = true;
  #shown: VideoFrame | null = null;
  #damaged = 0;
  #failure: unknown = null;

  constructor(
    readonly config: VideoDecoderConfig,
    readonly take: (frame: VideoFrame, span: Span) => void,
  ) {
    this.#decoder = this.#open();
  }

  async readAll(sink: EncodedPacketSink, onTime: (seconds: number) => void): Promise<void> {
    let count = 0;
    try {
      for await (const packet of sink.packets(undefined, undefined, { verifyKeyPackets: true })) {
        count += 1;
        if (this.#isOver() || count > MAXIMUM_PACKETS) break;
        await this.#decode(packet);
        if (count % 16 === 0) onTime(packet.timestamp);
      }
    } catch {
      this.#damaged += 1; // the rest of the file can't be read
    }
    await this.#flush();
    const span = this.#times.end();
    if (span && this.#shown) this.#give(this.#shown, span);
    if (this.#failure) throw this.#failure;
  }

  end(declaredSeconds: number): ReadingEnd {
    const isLimited = this.#times.isLimited;
    const shortfall = declaredSeconds - this.#times.seconds;
    const isShort = shortfall > Math.max(MINIMUM_SHORTFALL_SECONDS, SHORTFALL_OF_DURATION * declaredSeconds);
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
    while (this.#decoder.state === "configured" && this.#decoder.decodeQueueSize > QUEUED_PACKETS) await aMoment();
  }

  async #flush(): Promise<void> {
    try {
      if (this.#decoder.state === "configured") await this.#decoder.flush();
    } catch {
      this.#damaged += 1;
    }
  }

  #receive(frame: VideoFrame): void {
    if (this.#isOver()) {
      frame.close();
      return;
    }
    const span = this.#times.next(frame.timestamp, frame.duration ?? 0);
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

function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
