// SPDX-License-Identifier: Apache-2.0
// The page's words and elements.

const words = JSON.parse(document.getElementById("words").textContent);

export const element = (id) => document.getElementById(id);

export function worded(name, values = {}) {
  return Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), words[name] ?? name);
}
