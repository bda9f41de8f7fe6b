// SPDX-License-Identifier: Apache-2.0
/*
 * The page's side of working out fingerprints: one file after the other, through a worker that is started for the
 * first file and ended when the page is done with it, or when the person does not want the file under way any more.
 */

import type { FileFingerprints, OnProgress } from "./made";
import { withTrueType } from "./media_type";
import { FileError } from "./problems";
import type { FromWorker, Question, ToWorker } from "./protocol";
import FingerprintWorker from "./worker?worker";

/** Without a word from the worker. Longer than a slow phone needs for a large picture: its browser has most likely run out of memory. */
const PATIENCE_MILLISECONDS = 120_000;

export interface MakeOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** What answers the worker's questions about one file. */
interface Answers {
  answer: (question: Question) => Promise<unknown>;
  close: () => void;
}

export class FingerprintMaker {
  #worker: Worker | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  /** Ends the file under way. */
  #giveUp: (() => void) | null = null;

  /** Load all parts ahead: no connection is needed once files can be chosen, and it shows nothing of what they are. */
  prepare(): void {
    if (!hasWorkers()) return;
    this.#post({ kind: "prepare" });
    void loadPage().catch(() => undefined);
  }

  /**
   * Return what a file gives. Calls are answered in their order. Rejects with FileError, or with an AbortError once the signal
   * says so; the files behind it go on.
   */
  make(file: Blob, options: MakeOptions = {}): Promise<FileFingerprints> {
    const made = this.#turn.then(async () => this.#make(await withTrueType(file), options));
    this.#turn = made.catch(() => undefined);
    return untilAborted(made, options.signal);
  }

  /** End the worker and give its memory back; the file under way is given up, and the next call starts a new worker. */
  stop(): void {
    this.#giveUp?.();
    this.#worker?.terminate();
    this.#worker = null;
  }

  #make(file: Blob, { onProgress, signal }: MakeOptions): Promise<FileFingerprints> {
    if (signal?.aborted) return Promise.reject(abortError());
    if (!hasWorkers()) return Promise.reject(new FileError("no_worker"));
    return new Promise((resolve, reject) => {
      const worker = this.#running();
      const answers = lazyAnswers(file);
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        answers.close();
        signal?.removeEventListener("abort", abort);
        worker.onmessage = worker.onerror = null;
        this.#giveUp = null;
        end();
      };
      const fail = (error: Error): void => {
        settle(() => reject(error));
        this.stop();
      };
      const abort = (): void => fail(abortError());
      const failUnresponsive = (): void => fail(new FileError("engine"));
      let timer = setTimeout(failUnresponsive, PATIENCE_MILLISECONDS);
      this.#giveUp = abort;
      signal?.addEventListener("abort", abort);
      worker.onerror = (event) => {
        event.preventDefault();
        fail(new FileError("engine"));
      };
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        clearTimeout(timer);
        timer = setTimeout(failUnresponsive, PATIENCE_MILLISECONDS);
        if (data.kind === "progress") onProgress?.(data.share);
        if (data.kind === "question")
          answers.answer(data.question).then((message) => worker.postMessage(message), failUnresponsive);
        if (data.kind === "made") settle(() => resolve(data.made));
        if (data.kind === "problem") settle(() => reject(new FileError(data.problem)));
      };
      this.#post({ kind: "file", file });
    });
  }

  #running(): Worker {
    this.#worker ??= this.#started();
    return this.#worker;
  }

  /** One that fails before a file needs it, as where the connection went meanwhile, is not used: it would never answer. */
  #started(): Worker {
    const worker = new FingerprintWorker();
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (this.#worker === worker) this.#worker = null;
    });
    return worker;
  }

  #post(message: ToWorker): void {
    this.#running().postMessage(message);
  }
}

/** Old browsers and some settings have none; trying again does not help there. */
function hasWorkers(): boolean {
  return typeof Worker === "function";
}

/** The page's own decoders. */
const loadPage = (): Promise<typeof import("./page")> => import("./page");

/** The page's decoders begin with the first question. */
function lazyAnswers(file: Blob): Answers {
  let isClosed = false;
  let decoder: Promise<import("./page").PageDecoder> | null = null;
  return {
    answer: async (question) => {
      decoder ??= loadPage().then(({ PageDecoder }) => new PageDecoder(file));
      const ready = await decoder;
      if (isClosed) ready.close();
      return { kind: "answer", answer: await ready.answer(question) } satisfies ToWorker;
    },
    close: () => {
      isClosed = true;
      void decoder?.then((ready) => ready.close());
    },
  };
}

function abortError(): DOMException {
  return new DOMException("not wanted any more", "AbortError");
}

/** A file that still waits for its turn is given up at once. */
function untilAborted<Result>(made: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (!signal) return made;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortError());
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    made.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
