// SPDX-License-Identifier: Apache-2.0
/*
 * The files a person chose, and what became of each. Files stay in memory and are never named: a file name can tell as
 * much as the file.
 */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { CaseFile } from "./case_files";
import { FingerprintMaker } from "../fingerprint/maker";
import { MAXIMUM_FILES_PER_CASE } from "../wire/types";
import { givesRegions, HAS_REGIONS_BY_DEFAULT } from "./regions_choice";
import { highestNumber, rowsOf, type ChosenFile, type Row } from "./rows";
import { WorkLine, type Outcome } from "./work_line";

export interface Files {
  /** Every chosen file with its number and how it stands. */
  readonly rows: readonly Row[];
  /** What is in the case already; empty where the case is yet to be opened. */
  readonly inCase: readonly CaseFile[];
  /** More were chosen than a case holds. */
  readonly isFull: boolean;
  /** A file gives regions, so that leaving them out makes a difference. */
  readonly canHaveRegions: boolean;
  readonly hasRegions: boolean;
  /** Take regions in, or leave them out of all files. */
  setRegions: (hasRegions: boolean) => void;
  /** Load what is needed before the first file is chosen. */
  prepare: () => void;
  add: (files: readonly Blob[]) => void;
  stop: (key: number) => void;
  tryAgain: (key: number) => void;
  remove: (key: number) => void;
  /** Take what the person says of a file: made or changed by a computer, or not. */
  setSynthetic: (key: number, isSynthetic: boolean) => void;
  /** Stop everything and forget all files. */
  clear: () => void;
}

/** Keep the files of one flow. All work ends with the page, or with the flow. */
export function useFiles(inCase: readonly CaseFile[]): Files {
  const [all, setAll] = useState<readonly ChosenFile[]>([]);
  const [isFull, setFull] = useState(false);
  const [hasRegions, setRegions] = useState(HAS_REGIONS_BY_DEFAULT);
  const nextKey = useRef(1);
  const line = useWorkLine((key, outcome) => {
    setAll((before) => before.map((file) => (file.key === key ? { ...file, outcome } : file)));
  });
  const rows = useMemo(() => rowsOf(all, inCase, hasRegions), [all, inCase, hasRegions]);
  const add = (files: readonly Blob[]): void => {
    const counted = rows.filter((row) => row.number !== null).length;
    const freePlaces = Math.max(0, MAXIMUM_FILES_PER_CASE - highestNumber(inCase) - counted);
    const added = files
      .slice(0, freePlaces)
      .map((file): ChosenFile => ({ key: nextKey.current++, file, outcome: { kind: "waiting" }, isSynthetic: false }));
    setFull(files.length > freePlaces);
    setAll((before) => [...before, ...added]);
    added.forEach(({ key, file }) => line.add(key, file));
  };
  const remove = (key: number): void => {
    line.stop(key);
    setFull(false);
    setAll((before) => before.filter((file) => file.key !== key));
  };
  return {
    rows,
    inCase,
    isFull,
    canHaveRegions: all.some(({ outcome }) => outcome.kind === "ready" && givesRegions(outcome.made)),
    hasRegions,
    setRegions,
    prepare: () => line.prepare(),
    add,
    stop: (key) => line.stop(key),
    tryAgain: (key) => all.filter((file) => file.key === key).forEach(({ file }) => line.add(key, file)),
    remove,
    setSynthetic: (key, isSynthetic) =>
      setAll((before) => before.map((file) => (file.key === key ? { ...file, isSynthetic } : file))),
    clear: () => {
      line.stopAll();
      setAll([]);
    },
  };
}

/** Leaving the page stops all work, also where the browser keeps the page to come back to. */
export function useWorkLine(report: (key: number, outcome: Outcome) => void): WorkLine {
  const line = useRef<WorkLine | null>(null);
  line.current ??= new WorkLine(new FingerprintMaker(), report);
  const made = line.current;
  useEffect(() => {
    const stop = (): void => made.stopAll();
    window.addEventListener("pagehide", stop);
    return () => {
      window.removeEventListener("pagehide", stop);
      stop();
    };
  }, [made]);
  return made;
}
