// SPDX-License-Identifier: Apache-2.0
/* The person's own names for the files of an open case: in memory, and on this device where they switched that on. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plainName } from "../bytes/plain_name";
import { filesOf, type CaseFile } from "../files/case_files";
import { fileName } from "../files/file_words";
import { keepLabels, keptLabels, withoutFiles, type Labels } from "../labels/labels";
import type { Translator } from "../messages/translator";
import { labelsKey, type CaseKey } from "../wire/case_key";
import type { CaseView } from "../wire/types";

interface State {
  readonly isOn: boolean;
  readonly labels: Labels;
}

export interface OwnNames {
  /** Whether they are kept on this device; without that there are none. */
  readonly isOn: boolean;
  readonly labels: Labels;
  /** Whether the browser kept nothing of what was last switched, or withdrawn. */
  readonly isRefused: boolean;
  readonly switchTo: (isOn: boolean) => void;
  /** Give a file a name, or none with an empty text; false where it could not be kept, and then nothing has changed. */
  readonly name: (file: number, own: string) => Promise<boolean>;
}

const NOTHING: State = { isOn: false, labels: new Map() };

export function useOwnNames(caseKey: CaseKey, view: CaseView | null): OwnNames {
  const key = useMemo(() => labelsKey(caseKey), [caseKey]);
  const [shown, setShown] = useState(NOTHING);
  const [isRefused, setRefused] = useState(false);
  const latest = useRef(NOTHING);
  const turn = useRef<Promise<unknown>>(Promise.resolve());
  const show = (now: State): void => {
    latest.current = now;
    setShown(now);
  };
  /** Changes take turns, each on what the one before has kept. What was switched off is in memory until the page is gone. */
  const change = (update: (now: State) => State): Promise<boolean> => {
    const changed = turn.current.then(async () => {
      const next = update(latest.current);
      if (next === latest.current) return true;
      const isKept = await keepLabels(await key, next.isOn ? next.labels : null);
      if (isKept) show(next);
      return isKept;
    });
    turn.current = changed;
    return changed;
  };
  const said = (changed: Promise<boolean>): void => void changed.then((isKept) => setRefused(!isKept));
  useEffect(() => {
    turn.current = turn.current.then(async () => {
      const labels = await keptLabels(await key);
      if (labels !== null) show({ isOn: true, labels });
    });
  }, [key]);
  useEffect(() => {
    if (view !== null) said(change((now) => withoutWithdrawn(now, filesOf(view.fingerprints))));
  }, [view]);
  const name = (file: number, own: string): Promise<boolean> =>
    change((now) => ({ ...now, labels: named(now.labels, file, plainName(own)) }));
  return { ...shown, isRefused, switchTo: (isOn) => said(change((now) => ({ ...now, isOn }))), name };
}

/** Return what a file is called, with the person's own name where it has one: “Picture 2 (“red coat”)”. */
export function ownName(file: Pick<CaseFile, "type" | "number">, { isOn, labels }: State, words: Translator): string {
  const own = isOn ? plainName(labels.get(file.number) ?? "") : "";
  const name = fileName(file, words);
  return own === "" ? name : words.t("case.names.of", { name, own: `\u2068${own}\u2069` });
}

function named(labels: Labels, file: number, own: string): Labels {
  const others = withoutFiles(labels, [file]);
  return own === "" ? others : new Map([...others, [file, own]]);
}

/** A file that is withdrawn loses its name, and a case of which nothing is left keeps nothing. */
function withoutWithdrawn(now: State, files: readonly CaseFile[]): State {
  const gone = files.filter(({ state }) => state === "withdrawn").map(({ number }) => number);
  const labels = withoutFiles(now.labels, gone);
  const isOn = now.isOn && gone.length < files.length;
  return labels === now.labels && isOn === now.isOn ? now : { isOn, labels };
}
