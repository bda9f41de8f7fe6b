// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { readText } from "./files";

const [light = "", dark = ""] = readText("portal/src/styles/base.css").split("prefers-color-scheme: dark");

function colours(css: string): Map<string, string> {
  return new Map([...css.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value]));
}

/** WCAG's relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((place) => parseInt(hex.slice(place, place + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

describe.each([
  ["light", colours(light)],
  ["dark", new Map([...colours(light), ...colours(dark)])],
])("%s", (_, theme) => {
  const of = (text: string, ground: string): number =>
    contrast(theme.get(text) ?? "#000000", theme.get(ground) ?? "#000000");

  test.each(["ground", "surface", "tint"])("text on %s", (ground) => {
    expect(of("ink", ground)).toBeGreaterThanOrEqual(7);
    expect(of("ink-soft", ground)).toBeGreaterThanOrEqual(7);
    expect(of("accent", ground)).toBeGreaterThanOrEqual(7);
  });

  test("buttons and edges", () => {
    expect(of("on-accent", "accent")).toBeGreaterThanOrEqual(7);
    expect(of("on-accent", "accent-strong")).toBeGreaterThanOrEqual(7);
    expect(of("edge", "ground")).toBeGreaterThanOrEqual(3);
    expect(of("edge", "surface")).toBeGreaterThanOrEqual(3);
  });
});
