// SPDX-License-Identifier: Apache-2.0
/* What the printer gets instead of the page; nothing of it is on the screen. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

export function Sheet({ children }: { readonly children: ComponentChildren }) {
  useEffect(() => {
    document.documentElement.classList.add("prints-sheet");
    return () => document.documentElement.classList.remove("prints-sheet");
  }, []);
  return (
    <section class="sheet" aria-hidden="true">
      {children}
    </section>
  );
}
