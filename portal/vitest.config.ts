// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const place = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: { "@content": place("../content"), "@kernel": place("../kernel/bindings/wasm") } },
  test: { include: ["tests/**/*.test.ts"], environment: "node", testTimeout: 120_000 }, // a busy machine is no failure
});
