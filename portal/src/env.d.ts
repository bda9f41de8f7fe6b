// SPDX-License-Identifier: Apache-2.0
/** The neutral address that "Leave this page quickly" goes to; chosen by the operator at build time. */
declare const EXIT_ADDRESS: string;

/** WHATWG HTML, "Close requests and close watchers"; not yet among TypeScript's own. */
declare class CloseWatcher extends EventTarget {
  onclose: ((event: Event) => unknown) | null;
  requestClose(): void;
  destroy(): void;
}
