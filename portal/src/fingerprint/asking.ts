// SPDX-License-Identifier: Apache-2.0
/* The worker's side of asking the page: pictures, frames and sound that only a page can decode in this browser. */

import type { FrameReader } from "./frames";
import { MAXIMUM_VIDEO_SECONDS } from "./limits";
import { FileError, isProblem, UndecodableError } from "./problems";
import type { Answer, Question } from "./protocol";
import type { Part } from "./shown_parts";
import type { SoundPiece } from "./sound";

export type Ask = (question: Question) => Promise<Answer>;

type AnswerOf<Of> = Extract<Answer, { of: Of }>;

/** Ask and take no other answer; rejects with FileError or UndecodableError. */
export async function askFor<Asked extends Question>(ask: Ask, question: Asked): Promise<AnswerOf<Asked["of"]>> {
  const answer = await ask(question);
  if (answer.of === "nothing")
    throw isProblem(answer.reason) ? new FileError(answer.reason) : new UndecodableError(answer.reason);
  if (answer.of !== question.of) throw new UndecodableError();
  return answer as AnswerOf<Asked["of"]>;
}

/** What is known of a video before it is opened: seconds of the player's time at which its pictures begin and end. */
export interface KnownVideo {
  readonly start: number;
  /** Null where only the player knows; it counts sound that goes on behind the pictures. */
  readonly end: number | null;
  /** When the pictures that are there end; null where nobody knows. */
  readonly lastsTo: number | null;
}

/** A player counts other digits of a length than the file; less than this is no early end. */
const MINIMUM_SHORTFALL_SECONDS = 1;

/** The pictures of a video through the page's `<video>`: it is set to the first picture and each second after it in turn. */
export function pageVideoReader(ask: Ask, { start, end, lastsTo }: KnownVideo): FrameReader {
  return async (take, onProgress) => {
    const { seconds } = await askFor(ask, { of: "video", end });
    const isCut = end !== null && lastsTo !== null && lastsTo < end - MINIMUM_SHORTFALL_SECONDS;
    const played = isCut ? Math.min(seconds, lastsTo) : seconds;
    const shown = Math.min(played, end ?? played) - start;
    const last = Math.min(Math.ceil(shown), MAXIMUM_VIDEO_SECONDS);
    for (let second = 0; second < last; second += 1) {
      const frame = await askFor(ask, { of: "frame", at: start + second }).catch((error: unknown) => {
        if (error instanceof FileError || second === 0) throw error;
        return null;
      });
      if (!frame) return { endsEarly: true, isLimited: false };
      take({ ...frame, turn: "original", first: second, last: second });
      onProgress((second + 1) / last);
    }
    return {
      endsEarly: end !== null && played < end - MINIMUM_SHORTFALL_SECONDS,
      isLimited: shown > MAXIMUM_VIDEO_SECONDS,
    };
  };
}

/** Two lengths of a sound that are this near mean the same: encoders add less than that. */
const SAME_LENGTH_SECONDS = 0.25;

/** The whole sound at once; of a track that is cut only its parts, whether the browser has followed the edit list or not. */
export async function* pageSound(ask: Ask, { parts, begin, end }: KnownSound): AsyncGenerator<SoundPiece> {
  const { samples, rate } = await askFor(ask, { of: "sound" });
  const isAsLongAs = (seconds: number): boolean => Math.abs(samples.length / rate - seconds) <= SAME_LENGTH_SECONDS;
  const isCut =
    parts.length > 1 ||
    parts.some(({ from, to }) => from - begin > SAME_LENGTH_SECONDS || end - to > SAME_LENGTH_SECONDS);
  const spans = parts.map(({ from, to }) => [Math.max(from, begin), Math.max(from, Math.min(to, end))] as const);
  if (!isCut || isAsLongAs(spans.reduce((sum, [from, to]) => sum + to - from, 0))) {
    yield { samples, rate };
    return;
  }
  if (!isAsLongAs(end - begin)) throw new UndecodableError();
  for (const [from, to] of spans)
    yield { samples: samples.subarray(Math.round((from - begin) * rate), Math.round((to - begin) * rate)), rate };
}

/** What is known of a sound before the page decodes it: seconds of its track. */
export interface KnownSound {
  readonly parts: readonly Part[];
  readonly begin: number;
  /** Infinity where it is not known. */
  readonly end: number;
}
