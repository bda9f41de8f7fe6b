// SPDX-License-Identifier: Apache-2.0
/* A QR code as one SVG path; it holds the text it is given and nothing else. Dark on white in both themes, as readers expect. */

import { generate } from "lean-qr";

const QUIET_ZONE = 4;

export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const code = generate(text);
  const side = code.size + 2 * QUIET_ZONE;
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${side} ${side}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
      data-qr={text}
    >
      <rect width={side} height={side} fill="#ffffff" />
      <path fill="#000000" d={pathOf(code)} />
    </svg>
  );
}

/** Return the dark cells as one path, a stroke per run of cells. */
export function pathOf(code: { readonly size: number; get: (x: number, y: number) => boolean }): string {
  let path = "";
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (!code.get(x, y)) continue;
      const start = x;
      while (x + 1 < code.size && code.get(x + 1, y)) x += 1;
      path += `M${start + QUIET_ZONE} ${y + QUIET_ZONE}h${x - start + 1}v1h${start - x - 1}z`;
    }
  }
  return path;
}
