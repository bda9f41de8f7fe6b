// SPDX-License-Identifier: Apache-2.0
/*
 * The pictures a person chose, and what became of each. Files stay in memory and are never named: a file name can tell
 * as much as the picture.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { FingerprintMaker } from "../fingerprint/maker";
import { FileError, type FileProblem } from "../fingerprint/problems";
import { MAXIMUM_FILES_PER_CASE, type Fingerprint } from "../wire/types";

/** `same` holds the key of the picture that it equals. */
export type Outcome =
  | { readonly kind: "working" }
  | { readonly kind: "ready"; readonly fingerprint: Fingerprint }
  | { readonly kind: "same"; readonly as: number }
  | { readonly kind: "problem"; readonly problem: FileProblem };

export interface Picture {
  /** Counts up; only tells pictures of this page apart. */
  readonly key: number;
  readonly file: Blob;
  readonly outcome: Outcome;
}

export interface Pictures {
  readonly all: readonly Picture[];
  /** More were chosen than a case holds. */
  readonly isFull: boolean;
  /** Load what is needed before the first picture is chosen. */
  prepare(): void;
  add(files: readonly Blob[]): void;
  remove(key: number): void;
  /** Forget the pictures that gave no fingerprint, so that numbers here are numbers in the case. */
  dropProblems(): void;
  clear(): void;
}

export function usePictures(): Pictures {
  const [all, setAll] = useState<readonly Picture[]>([]);
  const [isFull, setFull] = useState(false);
  const maker = useRef(new FingerprintMaker());
  const nextKey = useRef(1);
  useEffect(() => () => maker.current.stop(), []);

  const settle = (key: number, outcome: Outcome): void => setAll((before) => settled(before, key, outcome));
  const work = (picture: Picture): void => {
    maker.current.make(picture.file).then(
      ({ fingerprints: [fingerprint] }) => fingerprint && settle(picture.key, { kind: "ready", fingerprint }),
      (error: unknown) => settle(picture.key, { kind: "problem", problem: error instanceof FileError ? error.problem : "engine" }),
    );
  };
  return {
    all,
    isFull,
    prepare: () => maker.current.prepare(),
    add: (files) => {
      const room = Math.max(0, MAXIMUM_FILES_PER_CASE - all.length);
      const added = files.slice(0, room).map((file): Picture => ({ key: nextKey.current++, file, outcome: { kind: "working" } }));
      setFull(files.length > room);
      setAll((before) => [...before, ...added]);
      added.forEach(work);
    },
    remove: (key) => {
      setFull(false);
      setAll((before) => before.filter((picture) => picture.key !== key).map(wokenWithout(key, work)));
    },
    dropProblems: () => setAll((before) => before.filter((picture) => picture.outcome.kind === "ready" || picture.outcome.kind === "working")),
    clear: () => {
      maker.current.stop();
      setAll([]);
    },
  };
}

/** Put an outcome to its picture; a fingerprint that an earlier picture has already is `same`. */
export function settled(before: readonly Picture[], key: number, outcome: Outcome): readonly Picture[] {
  const twin = outcome.kind === "ready" ? before.find((other) => other.key !== key && valueOf(other) === outcome.fingerprint.value) : undefined;
  const final: Outcome = twin ? { kind: "same", as: twin.key } : outcome;
  return before.map((picture) => (picture.key === key ? { ...picture, outcome: final } : picture));
}

/** Return the fingerprints that can be sent, in order. */
export function fingerprintsOf(pictures: readonly Picture[]): readonly Fingerprint[] {
  return pictures.flatMap((picture) => (picture.outcome.kind === "ready" ? [picture.outcome.fingerprint] : []));
}

function valueOf(picture: Picture): string | null {
  return picture.outcome.kind === "ready" ? picture.outcome.fingerprint.value : null;
}

/** A picture that was left out because it equals a removed one is worked on again. */
function wokenWithout(removed: number, work: (picture: Picture) => void): (picture: Picture) => Picture {
  return (picture) => {
    if (picture.outcome.kind !== "same" || picture.outcome.as !== removed) return picture;
    const woken: Picture = { ...picture, outcome: { kind: "working" } };
    queueMicrotask(() => work(woken));
    return woken;
  };
}
