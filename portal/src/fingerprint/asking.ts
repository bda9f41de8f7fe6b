// SPDX-License-Identifier: Apache-2.0
/* The worker's side of asking the page: pictures, frames and sound that only a page can decode in this browser. */

import type { FrameReader } from "./frames";
import { MAXIMUM_VIDEO_SECONDS } from "./limits";
import { FileError, UndecodableError } from "./problems";
import type { Answer, Question } from "./protocol";
import type { SoundPiece } from "./sound";

export type Ask = (question: Question) => Promise<Answer>;

type AnswerOf<Of> = Extract<Answer, { of: Of }>;

/** Ask and take no other answer; rejects with FileError or UndecodableError. */
export async function askFor<Asked extends Question>(ask: Ask, question: Asked): Promise<AnswerOf<Asked["of"]>> {
  const answer = await ask(question);
  if (answer.of === "nothing" && answer.reason !== "undecodable") throw new FileError(answer.reason);
  if (answer.of !== question.of) throw new UndecodableError();
  return answer as AnswerOf<Asked["of"]>;
}

/** What is known of a video before it is opened: seconds of the player's time at which its pictures begin and end. */
export interface KnownVideo {
  readonly start: number;
  /** Null where only the player knows; it counts sound that goes on behind the pictures. */
  readonly end: number | null;
}

/** The pictures of a video through the page's `<video>`: it is set to the first picture and each second after it in turn. */
export function pageVideoReader(ask: Ask, { start, end }: KnownVideo): FrameReader {
  return async (take, onProgress) => {
    const { seconds: played } = await askFor(ask, { of: "video", end });
    const seconds = Math.min(played, end ?? played) - start;
    const last = Math.min(Math.ceil(seconds), MAXIMUM_VIDEO_SECONDS);
    for (let second = 0; second < last; second += 1) {
      const frame = await askFor(ask, { of: "frame", at: start + second }).catch((error: unknown) => {
        if (error instanceof FileError || second === 0) throw error;
        return null;
      });
      if (!frame) return { endsEarly: true, isLimited: false };
      take({ ...frame, turn: "original", first: second, last: second });
      onProgress((second + 1) / last);
    }
    return { endsEarly: false, isLimited: seconds > MAXIMUM_VIDEO_SECONDS };
  };
}

/** The whole sound at once. */
export async function* pageSound(ask: Ask): AsyncGenerator<SoundPiece> {
  const { samples, rate } = await askFor(ask, { of: "sound" });
  yield { samples, rate };
}
