// SPDX-License-Identifier: Apache-2.0
// Static pages only. Nothing may be inlined: the content-security policy allows neither inline scripts nor inline styles.
import { fileURLToPath } from "node:url";
import { defineConfig } from "astro/config";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  output: "static",
  trailingSlash: "always",
  build: { format: "directory", inlineStylesheets: "never", assets: "assets" },
  compressHTML: true,
  devToolbar: { enabled: false },
  vite: {
    resolve: { alias: { "@content": place("../content"), "@kernel": place("../kernel/bindings/wasm") } },
    build: { assetsInlineLimit: 0, target: ["es2020", "chrome87", "firefox78", "safari14"], modulePreload: { polyfill: false } },
    worker: { format: "iife" },
    server: { fs: { allow: [place("..")] } },
  },
});
