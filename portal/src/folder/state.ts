// SPDX-License-Identifier: Apache-2.0
/*
 * The open folder: what it holds, and how it changes. A change is shown only once it is kept, so that nobody believes something is
 * safe that is not.
 */

import { useRef, useState } from "preact/hooks";
import { emptyFolder, FolderError, folderText, readFolder, type Folder } from "../log/folder";
import { eraseKept, StoreError, wipeKept, type Numbered, type StoreProblem } from "../vault/store";
import { createVault, memoryVault, openVault, type Pictures, type Vault } from "../vault/vault";

/** `damaged` is an export, `broken` what is kept here. */
export type FolderProblem = StoreProblem | "passphrase" | "gone" | "damaged" | "broken" | "not_erased" | "not_loaded";

export interface OpenFolder {
  readonly vault: Vault;
  readonly folder: Folder;
}

export interface FolderState {
  readonly open: OpenFolder | null;
  readonly problem: FolderProblem | null;
  /** Whether it was just erased, on this page. */
  readonly isWiped: boolean;
  clearProblem: () => void;
  /** Begin with a folder; kept under a passphrase, or in this window only where there is none. */
  begin: (folder: Folder, passphrase: string | null, pictures: Pictures) => Promise<boolean>;
  /** Open the kept folder of this number. */
  unlock: (folder: number, passphrase: string) => Promise<boolean>;
  /** Keep what `update` makes of the folder as it is by then; null where that did not work, and then nothing has changed. */
  change: (update: (folder: Folder) => Folder | Promise<Folder>, pictures?: Pictures) => Promise<Folder | null>;
  close: () => void;
  /** Erase the open folder; where none is open, this one of the list, or every one with null. False where that did not work. */
  wipe: (folder: Numbered | null) => Promise<boolean>;
}

export { emptyFolder };

type Tried = (work: () => Promise<FolderProblem | null>, toProblem?: typeof problemOf) => Promise<boolean>;

export function useFolder(): FolderState {
  const [open, setShown] = useState<OpenFolder | null>(null);
  const latest = useRef<OpenFolder | null>(null);
  const [isWiped, setWiped] = useState(false);
  const [problem, setProblem] = useState<FolderProblem | null>(null);
  const setOpen = (now: OpenFolder | null): void => {
    latest.current = now;
    setShown(now);
  };
  const tried: Tried = async (work, toProblem = problemOf) => {
    setProblem(null);
    const found = await work().catch(toProblem);
    setProblem(found);
    return found === null;
  };
  const change = useChanges(latest, setOpen, tried);
  const begin: FolderState["begin"] = (folder, passphrase, pictures) =>
    tried(async () => {
      const vault =
        passphrase === null ? memoryVault(pictures) : await createVault(passphrase, folderText(folder), pictures);
      setOpen({ vault, folder });
      setWiped(false);
      return null;
    });
  const unlock: FolderState["unlock"] = (folder, passphrase) =>
    tried(async () => {
      const opening = await openVault(folder, passphrase);
      if ("problem" in opening) return opening.problem;
      setOpen({ vault: opening.vault, folder: readFolder(opening.text) });
      return null;
    }, problemOfKept);
  const wipe: FolderState["wipe"] = (folder) =>
    tried(
      async () => {
        await (open !== null ? open.vault.wipe() : folder === null ? wipeKept() : eraseKept(folder));
        setOpen(null);
        setWiped(true);
        return null;
      },
      (error) => (problemOf(error) === "blocked" ? "blocked" : "not_erased"),
    );
  const clearProblem = (): void => setProblem(null);
  return { open, problem, isWiped, clearProblem, begin, unlock, change, close: () => setOpen(null), wipe };
}

/** Changes take turns, each on what the one before has kept: two quick presses are both kept. */
function useChanges(
  latest: { readonly current: OpenFolder | null },
  setOpen: (open: OpenFolder) => void,
  tried: Tried,
): FolderState["change"] {
  const turn = useRef<Promise<unknown>>(Promise.resolve());
  return (update, pictures) => {
    const changed = turn.current.then(async () => {
      const isKept = await tried(async () => {
        if (latest.current === null) return "gone";
        const { vault } = latest.current;
        const folder = await update(latest.current.folder);
        await vault.save(folderText(folder), pictures);
        setOpen({ vault, folder });
        return null;
      });
      return isKept ? (latest.current?.folder ?? null) : null;
    });
    turn.current = changed;
    return changed;
  };
}

function problemOfKept(error: unknown): FolderProblem {
  const problem = problemOf(error);
  return problem === "damaged" ? "broken" : problem;
}

function problemOf(error: unknown): FolderProblem {
  if (error instanceof StoreError) return error.problem;
  if (error instanceof FolderError) return error.problem;
  return "refused";
}
