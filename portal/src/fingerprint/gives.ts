// SPDX-License-Identifier: Apache-2.0
/*
 * Which kinds of fingerprints come of a file on the device, by what it is and what was found of its parts. The decision
 * alone: spec/fingerprint.md, "What one file gives", held by vectors/file_gives.json. Must never look into a file.
 */

import { MINIMUM_QUALITY, type Kind } from "../wire/types";
import type { DigestKind } from "./digests";

/** What a file is once it has been looked into: the words of the vectors. */
export type FileClass = "image" | "animated_image" | "motion_photo" | "video" | "audio" | "unknown";

/** `several`: good, and the file has other pictures. `few`: fewer regions than a value holds. */
export type Finding = "good" | "several" | "flat" | "few" | "unsupported" | "unreadable" | "none";

export interface Found {
  readonly still?: Finding;
  /** Of the still; absent where they are not wanted. */
  readonly regions?: Finding;
  readonly moving?: Finding;
  readonly sound?: Finding;
}

/** Return the kinds that a file gives, in order. What the system alone calls a medium is not decoded, and no cover is read. */
export function kindsGiven(is: FileClass, found: Found): readonly Kind[] {
  const { moving, sound } = found;
  const hasStill = (is === "image" || is === "animated_image" || is === "motion_photo") && isGiven(found.still);
  const kinds: Kind[] = [
    ...(hasStill ? (["pdq"] as const) : []),
    ...(hasStill && isGiven(found.regions) ? (["regions"] as const) : []),
    ...(isGiven(moving) ? (["vpdq"] as const) : []),
    ...(isGiven(sound) ? (["chromaprint"] as const) : []),
  ];
  const digest = digestGiven(is, found);
  return digest === null ? kinds : [...kinds, digest];
}

/** Return the digest of a file, null where its `pdq` stands for all of it. MD5 is what the field compares moving files by. */
function digestGiven(is: FileClass, { still, moving, sound }: Found): DigestKind | null {
  if (is === "animated_image" || is === "video") return "md5";
  if (is === "motion_photo") return isGiven(moving) || isGiven(sound) ? "md5" : "sha256";
  return is === "image" && still === "good" ? null : "sha256";
}

/** Whether a part gives its fingerprint. */
export function isGiven(finding: Finding | undefined): boolean {
  return finding === "good" || finding === "several";
}

/** Return what a picture's quality says. */
export function findingOfPicture(quality: number): Finding {
  return quality >= MINIMUM_QUALITY ? "good" : "flat";
}
