// SPDX-License-Identifier: Apache-2.0
// Builds the tests' page with the portal's own settings into the folder that the test names.
import { fileURLToPath } from "node:url";
import { viteOptions } from "../../../portal/vite_options.mjs";

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  ...viteOptions,
  root: place("."),
  logLevel: "error",
  resolve: { alias: { ...viteOptions.resolve.alias, "@portal": place("../../../portal/src") } },
  build: { ...viteOptions.build, assetsDir: "assets", outDir: process.env.DEVICE_PAGE, emptyOutDir: true },
};
