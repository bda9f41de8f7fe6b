// SPDX-License-Identifier: Apache-2.0
/** Hand bytes to the browser as a file of this name. */
export function download(bytes: Uint8Array<ArrayBuffer>, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser may still be reading when click() returns.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
