// SPDX-License-Identifier: Apache-2.0
// What a machine can hold of the portal's code beyond its form (Prettier) and its types (tsc): no promise dropped, nothing that a
// screen reader can't use, functions that can be read at once, and no arrow up between the folders.
import astro from "eslint-plugin-astro";
import a11y from "eslint-plugin-jsx-a11y-x";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { restrictedImports } from "./floors.mjs";

const SCRIPTS = ["**/*.{ts,tsx,mjs,js}"];
const TYPED = ["**/*.{ts,tsx}"];

export default defineConfig([
  { ignores: ["dist/", ".astro/", "src/wire/types.ts", "src/fingerprint/limits.ts"] }, // built, or written by tools/
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: TYPED,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Handlers are written `() => setOpen(true)`; the rule would have braces around each of them.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // A string is spread into its code points, which is what is meant wherever we do it.
      "@typescript-eslint/no-misused-spread": ["error", { allow: ["string"] }],
      // An `async` function that waits for nothing still turns what it throws into a rejection, which is what its callers handle.
      "@typescript-eslint/require-await": "off",
      // A function that is taken out of its object (`const { t } = useWords()`) must not need it.
      "@typescript-eslint/method-signature-style": ["error", "property"],
    },
  },
  {
    files: ["**/*.tsx"],
    extends: [a11y.configs.strict],
    rules: {
      // A region that scrolls has to be reached by the keyboard.
      "jsx-a11y-x/no-noninteractive-tabindex": ["error", { tags: [], roles: ["region"], allowExpressionValues: false }],
    },
  },
  ...astro.configs["flat/recommended"],
  ...astro.configs["flat/jsx-a11y-strict"],
  {
    files: [...SCRIPTS, "**/*.astro"],
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-lines-per-function": ["error", { max: 60, IIFEs: true }],
      "max-lines": ["error", 400],
    },
  },
  {
    files: ["tests/**"],
    rules: {
      "max-lines": ["error", 500],
      "max-lines-per-function": "off", // `describe` is a heading, and its function a chapter
      // A `!` in a test fails where it is wrong.
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  ...restrictedImports,
]);
