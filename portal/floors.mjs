// SPDX-License-Identifier: Apache-2.0
// The floors of src/, bottom first. A folder may import itself and the floors below it: never another folder of its own floor, never
// upwards. ESLint refuses the first import that does, also one that loads a part later.

export const FLOORS = [
  ["kept"],
  ["bytes", "exit", "place", "styles"],
  ["content", "messages", "wire"],
  ["directory", "fingerprint", "labels", "ledger", "vault"],
  ["island", "notice"],
  ["guidance", "help", "log", "send", "sites", "try"],
  ["device", "files", "folder"],
  ["case"],
  ["protect"],
  ["layouts"],
  ["components"],
  ["pages"],
];

const message = "An arrow up: floors.mjs says what a folder may import.";

function rulesOf(folder, height) {
  const others = FLOORS.slice(height)
    .flat()
    .filter((other) => other !== folder);
  const pattern = `^(\\.\\./)+(${others.join("|")})/`;
  const selector = `ImportExpression[source.value=/${pattern.replaceAll("/", "\\/")}/]`;
  return {
    files: [`src/${folder}/**/*.{ts,tsx,astro}`],
    rules: {
      "no-restricted-imports": ["error", { patterns: [{ regex: pattern, message }] }],
      "no-restricted-syntax": ["error", { selector, message }],
    },
  };
}

export const restrictedImports = FLOORS.flatMap((floor, height) => floor.map((folder) => rulesOf(folder, height)));
