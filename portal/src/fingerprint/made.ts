// SPDX-License-Identifier: Apache-2.0
/*
 * What a file of any kind gives on the device. Contract: spec/portal.md, "What a file gives".
 *
 * There is always at least one fingerprint: a file that can't be looked into still has its digests, by which identical
 * files are recognised. What could not be made is named in `notes`, never dropped silently.
 */

import type { Fingerprint } from "../wire/types";

/** Told by the first bytes of the file, never by its name; `other` is a file that this browser can't look into. */
export type FileType = "picture" | "animation" | "video" | "sound" | "other";

/** Why copies of a file can be recognised by less than its type allows; each has words under `protect.note.`. */
export type FileNote =
  | "picture_too_little_detail"
  /** Too few regions: mostly text, flat, patterned or small. */
  | "few_regions"
  | "video_too_little_detail"
  | "video_not_readable"
  /** Neither its pictures nor its sound: damaged, or of a family that browsers do not read. */
  | "video_not_opened"
  /** Its edit list is one that nobody here follows: another browser gives the same. */
  | "video_edits"
  | "video_has_no_sound"
  | "film_not_readable"
  | "further_films"
  | "further_sounds"
  | "further_pictures"
  /** The default picture of an animated PNG that is no frame of it. */
  | "hidden_picture"
  | "sound_too_short"
  | "sound_without_detail"
  | "sound_not_readable"
  | "sound_edits"
  | "not_readable"
  | "ends_early"
  /** Something is missing or damaged, mostly what ends the file, and every pixel is there. */
  | "end_missing"
  | "picture_too_large"
  | "pixels_hidden"
  | "longer_than_read";

/** What one file gives; `file_number` of the fingerprints is set when a request is made. */
export interface FileFingerprints {
  readonly type: FileType;
  readonly fingerprints: readonly Fingerprint[];
  readonly notes: readonly FileNote[];
}

/** The parts of a file's result that do not come from its digest. */
export interface PartlyMade {
  readonly type: FileType;
  readonly fingerprints: readonly Fingerprint[];
  readonly notes: readonly FileNote[];
}

/** Called with the share of the work that is done, 0 to 1, never less than before. */
export type OnProgress = (share: number) => void;
