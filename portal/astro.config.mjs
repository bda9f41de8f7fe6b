// SPDX-License-Identifier: Apache-2.0
// Static pages only. Nothing may be inlined: the content-security policy allows neither inline scripts nor inline styles.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "astro/config";
import { compressed } from "./after_build/compressed.mjs";
import { integrity } from "./after_build/integrity.mjs";
import { list } from "./after_build/list.mjs";
import { missing } from "./missing_pages.mjs";
import { offline } from "./offline/integration.mjs";
import { viteOptions } from "./vite_options.mjs";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

// Where "Leave this page quickly" goes. An empty page unless the operator chooses a neutral site: docs/portal.md.
const exitAddress = process.env.PORTAL_EXIT_ADDRESS ?? "about:blank";
if (exitAddress !== "about:blank" && !exitAddress.startsWith("https://"))
  throw new Error("PORTAL_EXIT_ADDRESS has to begin with https://");

const locales = readdirSync(place("../content/messages")).filter((locale) => locale !== "en");

export default defineConfig({
  // In this order: each reads what those before it wrote.
  integrations: [missing(locales), integrity(), offline(locales), list(), compressed()],
  output: "static",
  trailingSlash: "always",
  build: { format: "directory", inlineStylesheets: "never", assets: "assets" },
  compressHTML: true,
  devToolbar: { enabled: false },
  vite: {
    define: { EXIT_ADDRESS: JSON.stringify(exitAddress) },
    ...viteOptions,
    server: { fs: { allow: [place("..")] } },
  },
});
