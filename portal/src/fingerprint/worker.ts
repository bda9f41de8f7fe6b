// SPDX-License-Identifier: Apache-2.0
/*
 * Where the worker begins: it loads the engine and hands on what the page says, in its order. A module, because only those can load parts
 * when they are needed.
 *
 * Must export nothing and share no module with the parts: WebKit (2.50) runs the file that a worker begins with once more when a part
 * imports from it, and then two engines answer each message.
 */

import type { ToWorker } from "./protocol";

const engine = import("./engine");

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  engine.then(
    ({ receive }) => receive(data),
    () => data.kind === "file" && setTimeout(fail),
  );
});

/** The page hears it, and starts another worker for the next file. */
function fail(): void {
  throw new Error("the engine did not load");
}
