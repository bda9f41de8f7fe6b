// SPDX-License-Identifier: Apache-2.0
/*
 * The page's side of decoding: what a worker can't do in this browser. Pictures where a worker has no canvas, videos through a
 * `<video>` that is never shown, sound through the browser's whole-file decoder. Loaded only when the worker asks.
 */

import { pixelsOf, requireTruePixels, type Pixels } from "./canvas";
import { ChannelMeter, monoOf } from "./channels";
import { MAXIMUM_FRAME_PIXELS } from "./limits";
import { decode, readRows, type Decoded } from "./picture";
import { FileError, UndecodableError } from "./problems";
import type { Answer, Question } from "./protocol";

/** Chromaprint works at this rate: decoding to it keeps long sound small. */
/** Of a file whose sound the page has to decode: browsers do that only whole, in memory. */
const MAXIMUM_PAGE_SOUND_BYTES = 32 * 1024 * 1024;
const SOUND_RATE = 11_025;
/** Into a picture, where seeking to its very first instant may still show the one before. */
const INTO_PICTURE_SECONDS = 0.001;
const PATIENCE_MILLISECONDS = 20_000;
/** For a whole sound; some decoders never say that a file has none (WebKitGTK 2.50, of an AVI). Shorter than the page waits for a worker. */
const SOUND_PATIENCE_MILLISECONDS = 60_000;
const PAINTING_MILLISECONDS = 250;
const GROWING_MILLISECONDS = 2_000;
/** No video is as long: seeking there tells the length of one that does not say it. */
const BEYOND_THE_END_SECONDS = 1e7;

/** Answers for one file; `close` has to be called in the end, and ends what is under way. */
export class PageDecoder {
  readonly #canvas = document.createElement("canvas");
  readonly #file: Blob;
  #rows: Pixels[] = [];
  #video: HTMLVideoElement | null = null;

  constructor(file: Blob) {
    this.#file = file;
  }

  /** Never rejects. */
  async answer(question: Question): Promise<Answer> {
    try {
      switch (question.of) {
        case "picture":
          return await this.#picture(question.file);
        case "rows":
          return { of: "rows", rows: this.#rows.shift() ?? null };
        case "video":
          return { of: "video", seconds: await this.#open(question.end) };
        case "frame":
          return await this.#frame(question.at);
        case "sound":
          return await this.#sound();
      }
    } catch (error) {
      return { of: "nothing", reason: reasonOf(error) };
    }
  }

  close(): void {
    const video = this.#video;
    this.#video = null;
    this.#rows = [];
    if (!video) return;
    URL.revokeObjectURL(video.src);
    video.removeAttribute("src");
    video.load();
  }

  async #picture(file: Blob): Promise<Answer> {
    requireTruePixels(this.#canvas);
    const decoded: Decoded = await decode(file);
    try {
      this.#rows = [];
      readRows(decoded, this.#canvas, (rows) => this.#rows.push(rows));
      return { of: "picture", width: decoded.width, height: decoded.height };
    } finally {
      decoded.release();
    }
  }

  async #open(end: number | null): Promise<number> {
    requireTruePixels(this.#canvas);
    const video = (this.#video = document.createElement("video"));
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    video.src = URL.createObjectURL(this.#file);
    await happened(video, "loadeddata");
    if (!Number.isFinite(video.duration)) await seek(video, BEYOND_THE_END_SECONDS);
    else await findEnd(video, end ?? 0);
    const seconds = Number.isFinite(video.duration) ? video.duration : video.currentTime;
    if (video.videoWidth === 0) throw new Error("no pictures");
    return seconds;
  }

  async #frame(at: number): Promise<Answer> {
    const video = this.#video;
    if (!video) throw new Error("not open");
    await seek(video, at + INTO_PICTURE_SECONDS);
    const [width, height] = [video.videoWidth, video.videoHeight];
    if (width * height > MAXIMUM_FRAME_PIXELS) throw new FileError("too_large");
    return { of: "frame", width, height, pixels: pixelsOf(video, width, height, this.#canvas) };
  }

  async #sound(): Promise<Answer> {
    if (this.#file.size > MAXIMUM_PAGE_SOUND_BYTES) throw new Error("too long to decode whole");
    const context = new OfflineAudioContext(1, 1, SOUND_RATE);
    const decoding = context.decodeAudioData(await this.#file.arrayBuffer());
    const sound = await within(SOUND_PATIENCE_MILLISECONDS, decoding);
    const channels = Array.from({ length: sound.numberOfChannels }, (_, channel) => sound.getChannelData(channel));
    const meter = new ChannelMeter();
    meter.hear(channels);
    return { of: "sound", samples: monoOf(channels, meter.neededChannel), rate: sound.sampleRate };
  }
}

/** Chromium leaves an empty edit out of a video's length until it comes to its end, and then lets it grow piece by piece. */
async function findEnd(video: HTMLVideoElement, end: number): Promise<void> {
  for (let before = 0; video.duration < end && video.duration > before;) {
    before = video.duration;
    const grown = new Promise((resolve) => video.addEventListener("durationchange", resolve, { once: true }));
    await seek(video, before);
    await Promise.race([grown, new Promise((resolve) => setTimeout(resolve, GROWING_MILLISECONDS))]);
  }
}

async function seek(video: HTMLVideoElement, seconds: number): Promise<void> {
  const sought = happened(video, "seeked");
  const painted = nextPicture(video);
  video.currentTime = seconds;
  await sought;
  await painted;
}

/** Browsers say that they are there a moment before the picture is; one that paints none, as it is the same, is not waited for. */
function nextPicture(video: HTMLVideoElement): Promise<unknown> {
  const canReportFrames = "requestVideoFrameCallback" in video;
  const frameReported = new Promise<void>(
    (resolve) => canReportFrames && video.requestVideoFrameCallback(() => resolve()),
  );
  return Promise.race([frameReported, new Promise((resolve) => setTimeout(resolve, PAINTING_MILLISECONDS))]);
}

function within<Result>(milliseconds: number, result: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer")), milliseconds);
    result.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function happened(video: HTMLVideoElement, name: "loadeddata" | "seeked"): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => (): void => {
      clearTimeout(timer);
      video.removeEventListener(name, done);
      video.removeEventListener("error", failed);
      video.removeEventListener("emptied", failed);
      end();
    };
    const done = settle(resolve);
    const failed = settle(() => reject(new Error("the browser can't play it")));
    const timer = setTimeout(failed, PATIENCE_MILLISECONDS);
    video.addEventListener(name, done);
    video.addEventListener("error", failed);
    video.addEventListener("emptied", failed);
  });
}

function reasonOf(error: unknown): Extract<Answer, { of: "nothing" }>["reason"] {
  if (error instanceof FileError) return error.problem;
  return error instanceof UndecodableError ? error.reason : "not_readable";
}
