// SPDX-License-Identifier: Apache-2.0
/* The page's side of comparing altered copies: a worker that is started with the first question and ended with the panel. */

import type { Answer, Question } from "./worker";
import CompareWorker from "./worker?worker";

export class Comparer {
  #worker: Worker | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #giveUp: (() => void) | null = null;

  /** Questions are answered in their order; `failed` where the worker breaks. */
  ask(question: Question): Promise<Answer> {
    const answered = this.#turn.then(() => this.#ask(question));
    this.#turn = answered;
    return answered;
  }

  /** End the worker and give its memory back; the next question starts another. */
  stop(): void {
    this.#giveUp?.();
    this.#worker?.terminate();
    this.#worker = null;
  }

  #ask(question: Question): Promise<Answer> {
    return new Promise((resolve) => {
      const worker = (this.#worker ??= new CompareWorker());
      const settle = (answer: Answer): void => {
        worker.onmessage = worker.onerror = null;
        this.#giveUp = null;
        resolve(answer);
      };
      this.#giveUp = () => settle("failed");
      worker.onmessage = ({ data }: MessageEvent<Answer>) => settle(data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.stop();
      };
      worker.postMessage(question);
    });
  }
}
