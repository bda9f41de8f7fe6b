// SPDX-License-Identifier: Apache-2.0
/*
 * The content-security policy that every page carries, so that any static host is safe. The exchange sends the same as
 * a header, with frame-ancestors, which a page can't set for itself.
 */

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
