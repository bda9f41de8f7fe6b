// SPDX-License-Identifier: Apache-2.0
// How scripts are built: for the pages, and for the tests' page, so that both hold the same worker.
import { fileURLToPath } from "node:url";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

export const viteOptions = {
  resolve: { alias: { "@content": place("../content"), "@kernel": place("../kernel/bindings/wasm") } },
  build: { assetsInlineLimit: 0, target: ["chrome87", "firefox78", "safari14"], modulePreload: { polyfill: false } },
  // Workers are modules, so that heavy parts load only when a file needs them: Chrome 80, Safari 15, Firefox 114.
  worker: { format: "es" },
};
