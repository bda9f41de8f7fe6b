// SPDX-License-Identifier: Apache-2.0
/* The pictures of an animated GIF, PNG, WebP or AVIF: one round, laid on white. Only where the browser has a decoder that gives them. */

import { pixelsOf, type Canvas } from "./canvas";
import { FrameTimes, type Span } from "./frame_times";
import type { FrameReader } from "./frames";
import { MAXIMUM_ANIMATION_FRAMES, MAXIMUM_FRAME_PIXELS } from "./limits";

const SHORTEST_MICROSECONDS = 10_000;
const INSTEAD_OF_SHORTEST = 100_000;

export function hasAnimationDecoder(): boolean {
  return typeof ImageDecoder !== "undefined";
}

/** Rejects where the decoder gives no picture at all. */
export function animationReader(bytes: ArrayBuffer, type: string, canvas: Canvas): FrameReader {
  return async (take, onProgress) => {
    const decoder = new ImageDecoder({ data: bytes, type, preferAnimation: true });
    const times = new FrameTimes();
    let shown: VideoFrame | null = null;
    const give = (span: Span | null): void => {
      if (!span || !shown) return;
      const [width, height] = [shown.displayWidth, shown.displayHeight];
      take({ ...span, width, height, turn: "original", pixels: pixelsOf(shown, width, height, canvas) });
    };
    let [time, endsEarly] = [0, false];
    try {
      await decoder.tracks.ready;
      await decoder.completed;
      const count = decoder.tracks.selectedTrack?.frameCount ?? 0;
      const read = Math.min(count, MAXIMUM_ANIMATION_FRAMES);
      for (let frameIndex = 0; frameIndex < read && !times.isLimited; frameIndex += 1) {
        const image = await nextOf(decoder, frameIndex, shown !== null);
        if (!image || image.displayWidth * image.displayHeight > MAXIMUM_FRAME_PIXELS) {
          image?.close();
          endsEarly = true;
          break;
        }
        const duration = (image.duration ?? 0) > SHORTEST_MICROSECONDS ? (image.duration ?? 0) : INSTEAD_OF_SHORTEST;
        give(times.next(time, duration));
        shown?.close();
        shown = image;
        time += duration;
        onProgress((frameIndex + 1) / read);
      }
      give(times.end());
      return { endsEarly, isLimited: times.isLimited || count > read };
    } finally {
      shown?.close();
      decoder.close();
    }
  };
}

/** After the first picture, one that can't be decoded ends the animation. */
async function nextOf(decoder: ImageDecoder, frameIndex: number, mayEnd: boolean): Promise<VideoFrame | null> {
  try {
    return (await decoder.decode({ frameIndex, completeFramesOnly: true })).image;
  } catch (error) {
    if (mayEnd) return null;
    throw error;
  }
}
