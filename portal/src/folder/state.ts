// SPDX-License-Identifier: Apache-2.0
/*
 * The open folder: what it holds, and how it changes. A change is shown only once it is kept, so that nobody believes something is
 * safe that is not.
 */

import { useState } from "preact/hooks";
import { emptyFolder, FolderError, folderText, readFolder, type Folder } from "../log/folder";
import { StoreError, type StoreProblem } from "../vault/store";
import { createVault, memoryVault, openVault, type Vault } from "../vault/vault";

export type FolderProblem = StoreProblem | "passphrase" | "newer" | "gone" | "damaged" | "exists";

export interface OpenFolder {
  readonly vault: Vault;
  readonly folder: Folder;
}

export interface FolderState {
  readonly open: OpenFolder | null;
  readonly problem: FolderProblem | null;
  clearProblem(): void;
  /** Begin with a folder; kept under a passphrase, or in this window only where there is none. */
  begin(folder: Folder, passphrase: string | null, pictures: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Promise<boolean>;
  unlock(passphrase: string): Promise<boolean>;
  /** Keep a changed folder; false where that did not work, and then nothing has changed. */
  change(folder: Folder, pictures?: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Promise<boolean>;
  close(): void;
  wipe(): Promise<void>;
}

export { emptyFolder };

export function useFolder(): FolderState {
  const [open, setOpen] = useState<OpenFolder | null>(null);
  const [problem, setProblem] = useState<FolderProblem | null>(null);
  const tried = async (work: () => Promise<FolderProblem | null>): Promise<boolean> => {
    setProblem(null);
    const found = await work().catch(problemOf);
    setProblem(found);
    return found === null;
  };
  return {
    open,
    problem,
    clearProblem: () => setProblem(null),
    begin: (folder, passphrase, pictures) =>
      tried(async () => {
        const vault = passphrase === null ? memoryVault() : await createVault(passphrase, folderText(folder));
        if (pictures.size > 0) await vault.save(folderText(folder), pictures);
        setOpen({ vault, folder });
        return null;
      }),
    unlock: (passphrase) =>
      tried(async () => {
        const opening = await openVault(passphrase);
        if ("problem" in opening) return opening.problem;
        setOpen({ vault: opening.vault, folder: readFolder(opening.text) });
        return null;
      }),
    change: (folder, pictures) =>
      tried(async () => {
        if (open === null) return "gone";
        await open.vault.save(folderText(folder), pictures);
        setOpen({ ...open, folder });
        return null;
      }),
    close: () => setOpen(null),
    wipe: async () => {
      await open?.vault.wipe();
      setOpen(null);
    },
  };
}

function problemOf(error: unknown): FolderProblem {
  if (error instanceof StoreError) return error.problem;
  if (error instanceof FolderError) return error.problem;
  return "refused";
}
