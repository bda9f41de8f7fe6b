// SPDX-License-Identifier: Apache-2.0
/* The value of kind `regions` of an upright picture, as text. Contract: spec/regions.md, "Value". */

import type { Base, RegionKernel } from "@kernel/regions";
import { toBase64Url } from "../bytes/bytes";

/** Return the value, null where the picture has too few regions; `pdq` is that of the whole picture. */
export function regionsValue(kernel: RegionKernel, base: Base, pdq: Uint8Array): string | null {
  const value = kernel.regionsValue(base, pdq);
  return value === null ? null : toBase64Url(value);
}
