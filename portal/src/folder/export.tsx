// SPDX-License-Identifier: Apache-2.0
/* Taking the log along: PDF, ZIP, paper. Made on the device; a file that did not arrive costs nothing. */

import { useEffect, useState } from "preact/hooks";
import { ActionButton, BackButton, Heading, Problem } from "../island/parts";
import { Sheet } from "../island/sheet";
import { useWords } from "../island/words";
import { logReport, plain, policeReport, type Block } from "../log/report";
import type { Translator } from "../messages/translator";
import { Blocks } from "./blocks";
import { download } from "../island/download";
import type { OpenFolder } from "./state";

type Wanted = "police" | "pdf" | "zip";
type Bytes = Uint8Array<ArrayBuffer>;

interface Made {
  readonly name: string;
  /** Pictures that are not in it. */
  readonly missing: number;
}

export function Export({ open, onBack }: { readonly open: OpenFolder; readonly onBack: () => void }) {
  const words = useWords();
  const { t } = words;
  const [made, setMade] = useState<Made | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [printed, setPrinted] = useState<readonly Block[] | null>(null);
  useEffect(() => {
    if (printed === null) return;
    window.print();
    setPrinted(null);
  }, [printed]);
  const { folder } = open;
  const report = (wanted: Wanted): readonly Block[] =>
    (wanted === "police" ? policeReport : logReport)(folder, words, new Date());
  const make = async (wanted: Wanted): Promise<void> => {
    setBusy(true);
    setMade(null);
    setFailed(false);
    try {
      setMade(await downloaded(wanted, open, report(wanted), words));
    } catch {
      setFailed(true);
    }
    setBusy(false);
  };
  return (
    <>
      <Heading>{t("folder.export.title")}</Heading>
      <p class="notice">{t("folder.export.warn")}</p>
      <div class="stack">
        <ActionButton label={t("folder.export.police")} isBusy={isBusy} onPress={() => void make("police")} />
        <ActionButton label={t("folder.export.pdf")} kind="second" isBusy={isBusy} onPress={() => void make("pdf")} />
        <ActionButton label={t("folder.export.zip")} kind="second" isBusy={isBusy} onPress={() => void make("zip")} />
        <ActionButton label={t("folder.export.print")} kind="second" onPress={() => setPrinted(report("pdf"))} />
        <ActionButton
          label={t("folder.export.print_police")}
          kind="second"
          onPress={() => setPrinted(report("police"))}
        />
      </div>
      <p class="small soft">{t("folder.export.letters")}</p>
      <p role="status" data-made={made?.name}>
        {made === null ? "" : t("folder.export.done", { name: made.name })}
      </p>
      {made !== null && made.missing > 0 && <Problem>{t("folder.export.missing", { count: made.missing })}</Problem>}
      {hasFailed && <Problem>{t("folder.export.failed")}</Problem>}
      <BackButton onBack={onBack} />
      {printed !== null && (
        <Sheet>
          <Blocks blocks={printed} />
        </Sheet>
      )}
    </>
  );
}

/** Make the file and hand it to the browser. */
async function downloaded(
  wanted: Wanted,
  open: OpenFolder,
  report: readonly Block[],
  { t, locale }: Translator,
): Promise<Made> {
  const pdf = async (): Promise<Bytes> => (await import("../log/pdf")).pdfOf(report, t("log.report.title"), locale);
  const isZip = wanted === "zip";
  const [bytes, missing] = isZip ? await zipped(open, plain(report), t("log.howto")) : [await pdf(), 0];
  const day = new Date().toISOString().slice(0, 10);
  const name = `notes-${day}${wanted === "police" ? "-summary" : ""}.${isZip ? "zip" : "pdf"}`;
  download(bytes, name, isZip ? "application/zip" : "application/pdf");
  return { name, missing };
}

/** Return the file, and how many pictures are missing in it because they can't be read any more. */
async function zipped({ folder, vault }: OpenFolder, text: string, howTo: string): Promise<readonly [Bytes, number]> {
  const { zipOf } = await import("../log/zip");
  const pictures = new Map<string, Uint8Array>();
  const kept = new Set(
    folder.entries.flatMap((entry) => entry.files.filter((file) => file.is_kept).map((file) => file.sha256)),
  );
  for (const sha256 of kept) {
    const bytes = await vault.picture(sha256);
    if (bytes) pictures.set(sha256, bytes);
  }
  return [await zipOf({ folder, text, howTo: `${howTo}\n`, pictures }), kept.size - pictures.size];
}
