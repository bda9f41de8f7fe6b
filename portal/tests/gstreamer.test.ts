// SPDX-License-Identifier: Apache-2.0
/* What is left alone in WebKit on Linux. */

import { expect, test } from "vitest";
import { followsEdits, isSafeSound } from "../src/fingerprint/gstreamer";

const LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
const CHROMIUM =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";

test.each(["pcm-s16", "pcm-f32"])("%s is decoded in the worker everywhere", (codec) => {
  for (const name of [LINUX, IPHONE, CHROMIUM, FIREFOX]) expect(isSafeSound(codec, name)).toBe(true);
});

test.each(["mp3", "aac", "vorbis", "opus", "flac", null])(
  "%s is left to the page in WebKit on Linux alone",
  (codec) => {
    expect(isSafeSound(codec, LINUX)).toBe(false);
    for (const name of [IPHONE, CHROMIUM, FIREFOX]) expect(isSafeSound(codec, name)).toBe(true);
  },
);

test("only WebKit on Linux plays a cut video wrongly", () => {
  expect([LINUX, IPHONE, CHROMIUM, FIREFOX].map(followsEdits)).toEqual([false, true, true, true]);
});
