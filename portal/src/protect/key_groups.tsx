// SPDX-License-Identifier: Apache-2.0
/** The five groups, large; one text for copying and for screen readers. */
export function KeyGroups({ text }: { readonly text: string }) {
  return (
    <p class="key" dir="ltr" data-case-key={text}>
      {text.split("-").map((group, place, groups) => (
        <span key={place}>
          {group}
          {place < groups.length - 1 && <span class="key-hyphen">-</span>}
        </span>
      ))}
    </p>
  );
}
