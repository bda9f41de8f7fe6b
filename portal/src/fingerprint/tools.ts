// SPDX-License-Identifier: Apache-2.0
/* What the worker lends to those who make fingerprints, so that none of them needs the one that joins them. */

import type { Kernel } from "@kernel/kernel";
import type { RegionKernel } from "@kernel/regions";
import type { Ask } from "./asking";

/** The kernel once it is loaded, a second one that takes the same rows for regions, and the page. */
export interface Tools {
  readonly kernel: () => Promise<Kernel>;
  readonly regionKernel: () => Promise<RegionKernel>;
  readonly ask: Ask;
}
