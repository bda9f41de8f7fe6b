// SPDX-License-Identifier: Apache-2.0
/*
 * The page's side of working out fingerprints: one picture after the other, through a worker that is started for the
 * first picture and ended when the page is done with it.
 */

import { MINIMUM_QUALITY, type Fingerprint } from "../wire/types";
import { decode, readRows, requireTruePixels } from "./picture";
import { PictureError } from "./problems";
import type { FromWorker, ToWorker } from "./protocol";
import FingerprintWorker from "./worker?worker";

/** Longer than a slow phone needs for a large picture; after that its browser has most likely run out of memory. */
const PATIENCE_MILLISECONDS = 120_000;

export class FingerprintMaker {
  #worker: Worker | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  /** Load what is needed ahead, so that no connection is needed once pictures can be chosen. */
  prepare(): void {
    this.#post({ kind: "prepare" });
  }

  /** Return the fingerprint of a picture file; throws PictureError. Calls are answered in their order. */
  make(file: Blob): Promise<Fingerprint> {
    const made = this.#turn.then(() => this.#make(file));
    this.#turn = made.catch(() => undefined);
    return made;
  }

  /** End the worker and give its memory back; the next call starts a new one. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }

  async #make(file: Blob): Promise<Fingerprint> {
    let reply = await this.#ask({ kind: "file", file });
    if (reply.kind === "no_canvas") reply = await this.#decodeHere(file);
    if (reply.kind === "problem") throw new PictureError(reply.problem);
    if (reply.kind === "no_canvas") throw new PictureError("cannot_decode");
    if (reply.quality < MINIMUM_QUALITY) throw new PictureError("too_little_detail");
    return { kind: "pdq", value: reply.value, quality: reply.quality };
  }

  async #decodeHere(file: Blob): Promise<FromWorker> {
    const canvas = document.createElement("canvas");
    requireTruePixels(canvas);
    const decoded = await decode(file);
    try {
      this.#post({ kind: "begin", width: decoded.width, height: decoded.height });
      readRows(decoded, canvas, (rows) => this.#post({ kind: "rows", rows }, [rows.buffer]));
      return await this.#ask({ kind: "finish" });
    } finally {
      decoded.release();
    }
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker ??= new FingerprintWorker();
    this.#worker.postMessage(message, transfer);
  }

  #ask(message: ToWorker): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      this.#post(message);
      const worker = this.#worker;
      if (!worker) throw new PictureError("engine");
      const fail = (): void => {
        this.stop();
        reject(new PictureError("engine"));
      };
      const timer = setTimeout(fail, PATIENCE_MILLISECONDS);
      worker.onerror = (event) => {
        event.preventDefault();
        clearTimeout(timer);
        fail();
      };
      worker.onmessage = (event: MessageEvent<FromWorker>) => {
        clearTimeout(timer);
        resolve(event.data);
      };
    });
  }
}
