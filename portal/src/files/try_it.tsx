// SPDX-License-Identifier: Apache-2.0
/* The way to "try it" for a picture that has its fingerprint; the rest is loaded when it is opened. */

import type { ComponentType } from "preact";
import { useState } from "preact/hooks";
import { useWords } from "../island/words";
import type { Kind } from "../wire/types";
import type { Row } from "./rows";

interface PanelProps {
  readonly file: Blob;
  readonly codes: { readonly pdq: string; readonly regions: string | null };
  readonly isAskedParts: boolean;
  readonly name: string;
  readonly onAdd: (copy: Blob) => void;
}

interface Props {
  readonly row: Row;
  readonly name: string;
  readonly label: (words: string) => string;
  readonly onAdd: (copy: Blob) => void;
}

export function TryIt({ row, name, label, onAdd }: Props) {
  const { t } = useWords();
  const [Panel, setPanel] = useState<ComponentType<PanelProps> | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [hasFailed, setFailed] = useState(false);
  const made = row.type === "picture" && row.state.kind === "ready" ? row.state.made : null;
  const fingerprints = made?.fingerprints ?? [];
  const valueOf = (wanted: Kind): string | null => fingerprints.find(({ kind }) => kind === wanted)?.value ?? null;
  const pdq = valueOf("pdq");
  if (pdq === null || made === null) return null;
  const regions = valueOf("regions");
  const isAskedParts = regions === null && !made.notes.includes("few_regions");
  const press = (): void => {
    setOpen(!isOpen);
    setFailed(false);
    if (Panel !== null || isOpen) return;
    import("../try/panel").then(
      (loaded) => setPanel(() => loaded.default),
      () => {
        setFailed(true);
        setOpen(false); // so that the same button tries again
      },
    );
  };
  const words = t(isOpen ? "try.close" : "try.open");
  return (
    <>
      <button type="button" class="button plain" aria-expanded={isOpen} aria-label={label(words)} onClick={press}>
        {words}
      </button>
      {hasFailed && <p role="alert">{t("try.not_loaded")}</p>}
      {isOpen && Panel !== null && (
        <Panel file={row.file} codes={{ pdq, regions }} isAskedParts={isAskedParts} name={name} onAdd={onAdd} />
      )}
    </>
  );
}
