// SPDX-License-Identifier: Apache-2.0
/* Blocks of a report as the printer gets them. */

import type { Block } from "../log/report";

export function Blocks({ blocks }: { readonly blocks: readonly Block[] }) {
  return (
    <>
      {blocks.map((block, place) => (
        <BlockLine key={place} block={block} />
      ))}
    </>
  );
}

function BlockLine({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case "title":
      return <h1>{block.text}</h1>;
    case "heading":
      return <h2>{block.text}</h2>;
    case "pair":
      return (
        <p class="sheet-text" dir="auto">
          <strong>{block.label}: </strong>
          {block.text}
        </p>
      );
    default:
      return (
        <p class={block.kind === "small" ? "sheet-text small" : "sheet-text"} dir="auto">
          {block.text}
        </p>
      );
  }
}
