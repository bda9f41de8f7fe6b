// SPDX-License-Identifier: Apache-2.0
/*
 * What a file is called, and what is said of it. Pure.
 *
 * What copies can be recognised is said by what was made, and never more than spec/video.md, spec/audio.md and
 * docs/performance.md measured.
 */

import type { FileFingerprints, FileType } from "../fingerprint/made";
import type { MessageKey } from "../messages/keys";
import type { Translator } from "../messages/translator";
import type { Fingerprint, Kind } from "../wire/types";
import type { Row } from "./rows";

/** Return what a file is called on every page: “Video 2”. */
export function fileName(file: { readonly type: FileType; readonly number: number }, { t }: Translator): string {
  return t(`file.name.${file.type}`, { number: file.number });
}

/** Return what a row is called; one that is left out has no number. */
export function rowName({ type, number }: Row, words: Translator): string {
  return number === null ? words.t(`file.left_out.${type}`) : fileName({ type, number }, words);
}

/** Return how a row stands, one sentence or two per line, the most important first. */
export function rowLines({ state }: Row, words: Translator): readonly string[] {
  const { t } = words;
  switch (state.kind) {
    case "waiting":
      return [t("protect.files.waiting")];
    case "working":
      return [t("protect.files.working")];
    case "stopped":
      return [t("protect.files.stopped")];
    case "problem":
      return [t(`protect.problem.${state.problem}`)];
    case "same":
      return [
        t(state.as.isInCase ? "protect.problem.in_case" : "protect.problem.same", { name: fileName(state.as, words) }),
      ];
    case "ready":
      return [t(recognisedKey(state.made)), ...state.made.notes.map((note) => t(`protect.note.${note}`))];
  }
}

/** Return the message that says by what copies of a file can be recognised. */
export function recognisedKey({ type, fingerprints }: FileFingerprints): MessageKey {
  const has = (kind: Kind): boolean => fingerprints.some((fingerprint) => fingerprint.kind === kind);
  if (has("pdq") && has("vpdq")) return "protect.recognised.animation";
  if (has("pdq")) return has("regions") ? "protect.recognised.picture_parts" : "protect.recognised.picture";
  if (has("vpdq")) return has("chromaprint") ? "protect.recognised.video" : "protect.recognised.video_pictures";
  if (has("chromaprint")) return type === "video" ? "protect.recognised.video_sound" : "protect.recognised.sound";
  return "protect.recognised.identical";
}

/** Where in a value its own signs begin: a video's list opens with brackets, the texts of regions and of a sound with their headers. */
const FIRST_SIGN: Partial<Record<Kind, number>> = { regions: 8, vpdq: 2, chromaprint: 8 };

/** Return some signs of a fingerprint, enough to tell two apart by eye. */
export function firstSigns({ kind, value }: Pick<Fingerprint, "kind" | "value">): string {
  const start = FIRST_SIGN[kind] ?? 0;
  return `${value.slice(start, start + 4)} ${value.slice(start + 4, start + 8)}`;
}
