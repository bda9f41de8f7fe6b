// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test, vi } from "vitest";
import type { FileFingerprints, OnProgress } from "../src/fingerprint/made";
import { FileError } from "../src/fingerprint/problems";
import { WorkLine, type Maker, type Outcome } from "../src/files/work_line";

const MADE: FileFingerprints = { type: "picture", fingerprints: [], notes: [] };

interface Call {
  readonly file: Blob;
  readonly onProgress: OnProgress | undefined;
  readonly signal: AbortSignal | undefined;
  readonly succeed: (made: FileFingerprints) => void;
  readonly fail: (error: unknown) => void;
}

/** A maker that answers when the test says so; like the real one it rejects once it is aborted. */
function slowMaker() {
  const calls: Call[] = [];
  const stop = vi.fn();
  const maker: Maker = {
    prepare: () => undefined,
    stop,
    make: (file, { onProgress, signal }) =>
      new Promise((succeed, fail) => {
        calls.push({ file, onProgress, signal, succeed, fail });
        signal?.addEventListener("abort", () => fail(signal.reason as Error));
      }),
  };
  return { calls, maker, stop };
}

function lineWith(files: number) {
  const { calls, maker, stop } = slowMaker();
  const told: [number, Outcome][] = [];
  const line = new WorkLine(maker, (key, outcome) => told.push([key, outcome]));
  for (let key = 1; key <= files; key += 1) line.add(key, new Blob());
  const now = (key: number): Outcome | undefined => told.filter(([of]) => of === key).pop()?.[1];
  return { calls, line, told, now, stop };
}

/** Let every promise that is settled be heard. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("files in line", () => {
  test("one after the other, in their order", async () => {
    const { calls, now } = lineWith(2);
    expect([now(1)?.kind, now(2)?.kind, calls.length]).toEqual(["working", "waiting", 1]);
    calls[0]?.succeed(MADE);
    await settle();
    expect([now(1)?.kind, now(2)?.kind, calls.length]).toEqual(["ready", "working", 2]);
  });

  test("one that fails does not hold up the others", async () => {
    const { calls, now } = lineWith(2);
    calls[0]?.fail(new FileError("too_large"));
    await settle();
    expect(now(1)).toEqual({ kind: "problem", problem: "too_large" });
    expect(now(2)?.kind).toBe("working");
  });

  test.each([
    [new FileError("cannot_read"), "cannot_read"],
    [new TypeError("a fault here"), "engine"],
    [null, "engine"],
  ])("%s is said as %s", async (error, problem) => {
    const { calls, now } = lineWith(1);
    calls[0]?.fail(error);
    await settle();
    expect(now(1)).toEqual({ kind: "problem", problem });
  });

  test("progress is told by whole hundredths and never goes back", () => {
    const { calls, told } = lineWith(1);
    for (const share of [0, 0.001, 0.2, 0.205, 0.1, 1]) calls[0]?.onProgress?.(share);
    expect(told.slice(2).map(([, outcome]) => (outcome.kind === "working" ? outcome.share : outcome.kind))).toEqual([
      0, 0.2, 1,
    ]);
  });
});

describe("stopping", () => {
  test("the one in work: the next goes on, and a late answer changes nothing", async () => {
    const { calls, line, now } = lineWith(2);
    line.stop(1);
    expect(now(1)?.kind).toBe("stopped");
    expect(calls[0]?.signal?.aborted).toBe(true);
    calls[0]?.onProgress?.(0.5);
    calls[0]?.succeed(MADE);
    await settle();
    expect([now(1)?.kind, now(2)?.kind]).toEqual(["stopped", "working"]);
  });

  test("one that waits is never begun", async () => {
    const { calls, line, now } = lineWith(3);
    line.stop(2);
    calls[0]?.succeed(MADE);
    await settle();
    expect([now(1)?.kind, now(2)?.kind, now(3)?.kind, calls.length]).toEqual(["ready", "stopped", "working", 2]);
  });

  test("one that is done stays done", async () => {
    const { calls, line, now } = lineWith(1);
    calls[0]?.succeed(MADE);
    await settle();
    line.stop(1);
    expect(now(1)?.kind).toBe("ready");
  });

  test("a stopped one can be tried again", async () => {
    const { calls, line, now } = lineWith(1);
    line.stop(1);
    line.add(1, new Blob());
    await settle();
    calls[1]?.succeed(MADE);
    await settle();
    expect(now(1)?.kind).toBe("ready");
  });

  test("everything at once, with the maker's memory", async () => {
    const { calls, line, now, stop } = lineWith(3);
    line.stopAll();
    await settle();
    expect([now(1)?.kind, now(2)?.kind, now(3)?.kind, calls.length]).toEqual(["stopped", "stopped", "stopped", 1]);
    expect(stop).toHaveBeenCalledTimes(1);
  });
});
