// SPDX-License-Identifier: Apache-2.0
import { getPublicKeyAsync, signAsync } from "@noble/ed25519";
import { describe, expect, test } from "vitest";
import { ledgerParts, summary } from "../src/case/ledger_words";
import { fromBase64, fromHex, toHex, utf8, type Bytes } from "../src/bytes/bytes";
import {
  checkCaseLedger,
  checkContinues,
  LedgerError,
  type Known,
  type LedgerProblem,
  type CheckedEntry,
} from "../src/ledger/case_ledger";
import { openCheckpoint, type Checkpoint } from "../src/ledger/checkpoint";
import { commitment, ledgerSalt, readEntry } from "../src/ledger/entry";
import { openPromise, type Promised } from "../src/ledger/promise";
import { continues, includes, leafHash, sha256 } from "../src/ledger/proofs";
import { translator } from "../src/messages/translator";
import type { CaseFingerprint, CaseLedger } from "../src/wire/types";
import { readText, wordsOf } from "./files";

interface Vectors {
  leaves: string[];
  trees: { size: number; root: string }[];
  inclusion: Inclusion[];
  inclusion_must_fail: (Inclusion & { name: string })[];
  consistency: Consistency[];
  consistency_must_fail: (Consistency & { name: string })[];
  checkpoint: {
    seed: string;
    key: string;
    size: number;
    root: string;
    note: string;
    must_fail: { name: string; note: string }[];
    keys_must_fail: { name: string; key: string; note: string }[];
  };
  promise: {
    seed: string;
    key: string;
    leaf: string;
    publish_by: string;
    note: string;
    must_fail: { name: string; note: string }[];
  };
  commitments: { token: string; ledger_salt: string; fingerprints: { fingerprint_id: string; commitment: string }[] };
  entries: { name: string; text: string; hash: string }[];
}
interface Inclusion {
  size: number;
  index: number;
  leaf: string;
  path: string[];
  root: string;
}
interface Consistency {
  old: number;
  new: number;
  proof: string[];
  old_root: string;
  new_root: string;
}

const vectors: Vectors = JSON.parse(readText("vectors/ledger.json")) as Vectors;
const { key, note } = vectors.checkpoint;

function flipped(bytes: Bytes, bit: number): Bytes {
  const changed = bytes.slice();
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

describe("inclusion", () => {
  const holds = ({ root, size, index, leaf, path }: Inclusion): Promise<boolean> =>
    includes(fromHex(root), size, index, fromHex(leaf), path.map(fromHex));

  test("every proof of the vectors holds, and none of those that must fail", async () => {
    expect(vectors.inclusion.length).toBeGreaterThan(30);
    for (const proof of vectors.inclusion) expect(await holds(proof), JSON.stringify(proof)).toBe(true);
    for (const proof of vectors.inclusion_must_fail) expect(await holds(proof), proof.name).toBe(false);
  });

  test("with any bit of root, leaf or path changed it fails", async () => {
    for (const { root, size, index, leaf, path } of vectors.inclusion.filter(({ size }) => size === 7)) {
      const parts = [root, leaf, ...path].map(fromHex);
      for (const changed of parts.keys()) {
        const [otherRoot, otherLeaf, ...otherPath] = parts.map((part, place) =>
          place === changed ? flipped(part, (37 * place + index) % 256) : part,
        );
        expect(await includes(otherRoot ?? parts[0]!, size, index, otherLeaf ?? parts[0]!, otherPath)).toBe(false);
      }
    }
  });
});

describe("consistency", () => {
  const holds = (proof: Consistency): Promise<boolean> =>
    continues(proof.old, fromHex(proof.old_root), proof.new, fromHex(proof.new_root), proof.proof.map(fromHex));

  test("every proof of the vectors holds, and none of those that must fail", async () => {
    expect(vectors.consistency.length).toBeGreaterThan(40);
    for (const proof of vectors.consistency) expect(await holds(proof), JSON.stringify(proof)).toBe(true);
    for (const proof of vectors.consistency_must_fail) expect(await holds(proof), proof.name).toBe(false);
  });
});

describe("checkpoint", () => {
  test("the signed one is read", async () => {
    const read = await openCheckpoint(note, key);
    expect(read && { ...read, root: toHex(read.root) }).toEqual({
      origin: key.split("+")[0],
      size: vectors.checkpoint.size,
      root: vectors.checkpoint.root,
    });
  });

  test.each(vectors.checkpoint.must_fail.map((wrong) => [wrong.name, wrong.note]))(
    "%s is refused",
    async (_name, wrong) => {
      expect(await openCheckpoint(wrong, key)).toBeNull();
    },
  );

  test.each(["", key.slice(1), key.replace("+", "-"), `${key}A`, key.replace(/\+[0-9a-f]{8}\+/, "+00000000+")])(
    "key %j is refused",
    async (wrong) => {
      expect(await openCheckpoint(note, wrong)).toBeNull();
    },
  );

  test.each(vectors.checkpoint.keys_must_fail.map((wrong) => [wrong.name, wrong.key, wrong.note]))(
    "a key of %s is refused",
    async (_name, wrong, under) => {
      expect(await openCheckpoint(under, wrong)).toBeNull();
      expect(await openCheckpoint(note, wrong)).toBeNull();
    },
  );

  test("with any byte of the signature changed it is refused", async () => {
    const [body = "", line = ""] = note.split("\n\n");
    const [mark = "", name = "", encoded = ""] = line.trim().split(" ");
    const signed = fromBase64(encoded) ?? new Uint8Array();
    for (let place = 4; place < signed.length; place += 5) {
      const other = btoa(String.fromCharCode(...flipped(signed, 8 * place)));
      expect(await openCheckpoint(`${body}\n\n${mark} ${name} ${other}\n`, key)).toBeNull();
    }
  });
});

describe("promise", () => {
  const { promise } = vectors;

  test("the signed one is read", async () => {
    const read = await openPromise(promise.note, promise.key);
    expect(read && { ...read, leaf: toHex(read.leaf) }).toEqual({
      leaf: promise.leaf,
      publishBy: new Date(promise.publish_by),
      note: promise.note,
    });
  });

  test.each(promise.must_fail.map((wrong) => [wrong.name, wrong.note]))("%s is refused", async (_name, wrong) => {
    expect(await openPromise(wrong, promise.key)).toBeNull();
  });

  test("it is no checkpoint", async () => {
    expect(await openCheckpoint(promise.note, promise.key)).toBeNull();
  });
});

describe("entries and commitments", () => {
  test.each(vectors.entries.map((entry) => [entry.name, entry.text, entry.hash]))(
    "%s is read and hashed",
    async (_name, text, hash) => {
      expect(readEntry(text)).not.toBeNull();
      expect(toHex(await leafHash(utf8(text)))).toBe(hash);
    },
  );

  test.each(vectors.entries.map((entry) => [entry.text]))("another text for the same entry is refused: %s", (text) => {
    expect(readEntry(`${text} `)).toBeNull();
    expect(readEntry(text.replace(",", ", "))).toBeNull();
    expect(readEntry(text.replace('"version":1', '"version":2'))).toBeNull();
    expect(readEntry(text.replace('"version":1', '"unknown":1,"version":1'))).toBeNull();
    expect(readEntry(text.replace(/"day":"[^"]*"/, '"day":"2026-02-30"'))).toBeNull();
    expect(readEntry(text.replace(/"salt":"./, '"salt":"'))).toBeNull();
  });

  test.each(["", "null", "[]", "1", '"a"', "{}", "{"])("%j is no entry", (text) => {
    expect(readEntry(text)).toBeNull();
  });

  test("commitments are those of the vectors", async () => {
    const { token, ledger_salt, fingerprints } = vectors.commitments;
    const salt = await ledgerSalt(fromHex(token));
    expect(toHex(salt)).toBe(ledger_salt);
    for (const one of fingerprints) expect(toHex(await commitment(salt, one.fingerprint_id))).toBe(one.commitment);
  });
});

const TOKEN = vectors.commitments.token;
const AUTHORIZATION = `Case ${"0".repeat(32)}.${TOKEN}`;
const ID = "0".repeat(31) + "1";

/** A log of two entries, the first of which says that one fingerprint was given to a partner; signed with a key of its own. */
async function aLog(changes: { partner?: string; otherEntry?: string } = {}): Promise<CaseLedger> {
  const named = await leafHash(await commitment(await ledgerSalt(fromHex(TOKEN)), ID));
  const partner = changes.partner ?? "Example Social";
  const text = `{"day":"2026-11-25","event":"disclosed","items":1,"partner":"${partner}","root":"${toHex(named)}","salt":"${"a".repeat(64)}","version":1}`;
  const other = await leafHash(utf8(changes.otherEntry ?? "other"));
  const root = await sha256(Uint8Array.of(1), await leafHash(utf8(text)), other);
  const entries = [{ text, place: 0, path: [toHex(other)], items: [{ fingerprint_id: ID, place: 0, path: [] }] }];
  return { version: 1, ...(await signed(2, root)), entries, promised: [] };
}

/** The same log before its first entry was published: it is promised until then. */
async function aPromise(publishBy: string, otherLeaf?: Bytes): Promise<CaseLedger> {
  const log = await aLog();
  const { text, items } = log.entries[0]!;
  const name = log.key.split("+")[0] ?? "";
  const leaf = otherLeaf ?? (await leafHash(utf8(text)));
  const promise = await noteOf(
    `Stillmine ledger promise\n${name}\n${btoa(String.fromCharCode(...leaf))}\n${publishBy}\n`,
  );
  return { ...log, ...(await signed(0, await sha256())), entries: [], promised: [{ text, promise, items }] };
}

function known(
  fingerprints: readonly CaseFingerprint[] = [fingerprint()],
  authorization = AUTHORIZATION,
  seen: readonly Promised[] = [],
): Known {
  return { authorization, fingerprints, now: new Date("2026-11-26T06:59:59Z"), seen };
}

async function signed(size: number, root: Bytes): Promise<{ key: string; checkpoint: string }> {
  const seed = fromHex(vectors.checkpoint.seed);
  const publicKey = new Uint8Array(await getPublicKeyAsync(seed));
  const [name = "", id = ""] = key.split("+");
  const checkpoint = await noteOf(`${name}\n${size}\n${btoa(String.fromCharCode(...root))}\n`);
  return { key: `${name}+${id}+${btoa(String.fromCharCode(1, ...publicKey))}`, checkpoint };
}

async function noteOf(body: string): Promise<string> {
  const [name = "", id = ""] = key.split("+");
  const line = btoa(
    String.fromCharCode(...fromHex(id), ...(await signAsync(utf8(body), fromHex(vectors.checkpoint.seed)))),
  );
  return `${body}\n— ${name} ${line}\n`;
}

function fingerprint(changes: Partial<CaseFingerprint> = {}): CaseFingerprint {
  const status = {
    partner: "Example Social",
    given_on: "2026-11-25",
    found_on: null,
    removed_on: null,
    not_removed_on: null,
  };
  const more = {
    not_removed_reason: null,
    vote: null,
    vote_reason: null,
    voted_on: null,
    withdrawal_confirmed_at: null,
  };
  const base = {
    id: ID,
    kind: "pdq",
    file_number: 1,
    state: "active",
    value: "",
    quality: 90,
    added_at: "",
    withdrawn_at: null,
  } as const;
  return { ...base, partners: [{ ...status, ...more }], suspended_for: null, ...changes };
}

async function problemOf(checked: Promise<unknown>): Promise<LedgerProblem | null> {
  return checked.then(
    () => null,
    (error: unknown) => {
      if (error instanceof LedgerError) return error.problem;
      throw error;
    },
  );
}

describe("the log of a case", () => {
  test("what checks is told", async () => {
    const { checkedEntries: told, checkpoint } = await checkCaseLedger(await aLog(), known());
    expect(told).toEqual([
      { event: "disclosed", day: "2026-11-25", partner: "Example Social", fingerprintIds: [ID], publishBy: null },
    ]);
    expect(checkpoint.size).toBe(2);
  });

  test("what is promised is told as well as what is published", async () => {
    const { checkedEntries: told, promised } = await checkCaseLedger(await aPromise("2026-11-26T07:00:00Z"), known());
    expect(told).toEqual([
      {
        event: "disclosed",
        day: "2026-11-25",
        partner: "Example Social",
        fingerprintIds: [ID],
        publishBy: new Date("2026-11-26T07:00:00Z"),
      },
    ]);
    expect(promised.map(({ note }) => note)).toEqual(
      (await aPromise("2026-11-26T07:00:00Z")).promised.map(({ promise }) => promise),
    );
  });

  test("a promise whose time is over, with what proves it", async () => {
    const log = await aPromise("2026-11-26T06:59:58Z");
    const error: unknown = await checkCaseLedger(log, known()).catch((found: unknown) => found);
    expect(error instanceof LedgerError && [error.problem, error.promised.map(({ note }) => note)]).toEqual([
      "overdue",
      [log.promised[0]?.promise],
    ]);
  });

  test("a promise of another entry, or signed by nobody", async () => {
    expect(
      await problemOf(checkCaseLedger(await aPromise("2026-11-26T07:00:00Z", await leafHash(utf8("other"))), known())),
    ).toBe("promise");
    const log = await aPromise("2026-11-26T07:00:00Z");
    const later = log.promised.map((one) => ({ ...one, promise: one.promise.replace("26T07", "27T07") }));
    expect(await problemOf(checkCaseLedger({ ...log, promised: later }, known()))).toBe("promise");
    const unnamed = log.promised.map((one) => ({ ...one, items: [] }));
    expect(await problemOf(checkCaseLedger({ ...log, promised: unnamed }, known()))).toBe("entry");
  });

  test("what was promised before is published, or promised for the same time", async () => {
    const { promised } = await checkCaseLedger(await aPromise("2026-11-26T07:00:00Z"), known());
    const after = known([fingerprint()], AUTHORIZATION, promised);
    expect(await problemOf(checkCaseLedger(await aLog(), after))).toBeNull();
    expect(await problemOf(checkCaseLedger(await aPromise("2026-11-26T07:00:00Z"), after))).toBeNull();
    expect(await problemOf(checkCaseLedger(await aPromise("2026-11-26T13:00:00Z"), after))).toBe("missing");
    const dropped = { ...(await aLog()), entries: [] };
    expect(
      await problemOf(checkCaseLedger(dropped, known([fingerprint({ partners: [] })], AUTHORIZATION, promised))),
    ).toBe("missing");
  });

  test("a forged signature", async () => {
    const log = await aLog();
    const forged = { ...log, checkpoint: log.checkpoint.replace("\n2\n", "\n3\n") };
    expect(await problemOf(checkCaseLedger(forged, known()))).toBe("checkpoint");
  });

  test.each<[string, (log: CaseLedger) => CaseLedger]>([
    [
      "another partner in the text",
      (log) => changed(log, { text: log.entries[0]!.text.replace("Example Social", "Example Forum!") }),
    ],
    ["another day in the text", (log) => changed(log, { text: log.entries[0]!.text.replace("11-25", "11-24") })],
    ["another place", (log) => changed(log, { place: 1 })],
    ["a shorter path", (log) => changed(log, { path: [] })],
    ["no fingerprint", (log) => changed(log, { items: [] })],
    [
      "a fingerprint of nobody's case",
      (log) => changed(log, { items: [{ fingerprint_id: "f".repeat(32), place: 0, path: [] }] }),
    ],
  ])("%s", async (_name, change) => {
    expect(await problemOf(checkCaseLedger(change(await aLog()), known()))).toBe("entry");
  });

  test("a case key that is another's", async () => {
    const other = `Case ${"0".repeat(32)}.${"f".repeat(64)}`;
    expect(await problemOf(checkCaseLedger(await aLog(), known([fingerprint()], other)))).toBe("entry");
  });

  test("what the case page says and the log does not", async () => {
    const without = { ...(await aLog()), entries: [] };
    expect(await problemOf(checkCaseLedger(without, known()))).toBe("missing");
    expect(await problemOf(checkCaseLedger(await aLog(), known([fingerprint({ state: "withdrawn" })])))).toBe(
      "missing",
    );
    expect(await problemOf(checkCaseLedger(await aLog({ partner: "Example Forum" }), known()))).toBe("missing");
  });

  test("what was seen before", async () => {
    const now = (await checkCaseLedger(await aLog(), known())).checkpoint;
    const first = await leafHash(utf8((await aLog()).entries[0]!.text));
    const second = await leafHash(utf8("other"));
    const before: Checkpoint = { origin: now.origin, size: 1, root: first };
    const proof = async (): Promise<readonly string[]> => [toHex(second)];
    expect(await problemOf(checkContinues(before, now, proof))).toBeNull();
    expect(await problemOf(checkContinues(now, now, proof))).toBeNull();
    expect(await problemOf(checkContinues({ ...before, root: second }, now, proof))).toBe("rewritten");
    expect(await problemOf(checkContinues({ ...now, root: second }, now, proof))).toBe("rewritten");
    expect(await problemOf(checkContinues({ ...before, size: 3 }, now, proof))).toBe("shrunk");
    expect(await problemOf(checkContinues({ ...before, origin: "other" }, now, proof))).toBe("other_log");
  });
});

function changed(log: CaseLedger, change: Partial<CaseLedger["entries"][number]>): CaseLedger {
  return { ...log, entries: log.entries.map((entry) => ({ ...entry, ...change })) };
}

describe("its words", () => {
  const words = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });
  const NOW = new Date("2026-11-26T10:00:00");
  const told = (event: string, partner: string | null, publishBy: Date | null = null): CheckedEntry => ({
    event,
    day: "2026-11-25",
    partner,
    fingerprintIds: [ID],
    publishBy,
  });
  const soon = new Date("2026-11-26T13:00:00");

  test("one sentence for each, the same one once, unknown events left out", () => {
    const entries = [
      told("disclosed", "Example Social"),
      told("disclosed", "Example Social"),
      told("of_tomorrow", null),
      told("withdrawn", null),
    ];
    const [part] = ledgerParts(entries, [fingerprint()], words, NOW);
    expect(part?.lines).toEqual(["25 November: given to \u2068Example Social\u2069.", "25 November: withdrawn."]);
  });

  test("what is not published yet says by when it is", () => {
    const entries = [told("disclosed", "Example Social"), told("withdrawn", null, soon)];
    expect(ledgerParts(entries, [fingerprint()], words, NOW)[0]?.lines[1]).toBe(
      "25 November: withdrawn. Recorded; in the public log by 26 November, 13:00.",
    );
    const checked = "Checked on this device. Nothing that this page shows is missing.";
    const one = "One is recorded and signed, and will be in the public log by 26 November, 13:00.";
    expect(summary(entries, words, NOW)).toBe(`${checked} One entry about your case is in the public log. ${one}`);
    expect(summary(entries.slice(1), words, NOW)).toBe(`${checked} ${one}`);
    expect(summary(entries.slice(0, 1), words, NOW)).toContain("the one entry about your case is in the log");
  });

  test("nothing yet", () => {
    expect(ledgerParts([], [fingerprint()], words, NOW)[0]?.lines).toEqual(["Given to nobody so far."]);
  });
});
