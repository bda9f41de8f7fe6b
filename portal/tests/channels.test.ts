// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { ChannelMeter, monoOf } from "../src/fingerprint/channels";
import { readText } from "./files";

interface Vectors {
  readonly channels: readonly {
    readonly blocks: readonly (readonly (readonly number[])[])[];
    readonly channel: number | null;
  }[];
}

const { channels } = JSON.parse(readText("vectors/channels.json")) as Vectors;

test.each(channels.map(({ blocks, channel }) => [JSON.stringify(blocks), blocks, channel] as const))(
  "%s",
  (_, blocks, channel) => {
    const meter = new ChannelMeter();
    for (const block of blocks) meter.hear(block.map((samples) => Float32Array.from(samples)));
    expect(meter.neededChannel).toBe(channel);
  },
);

test("the mix is of all channels alike, and one channel is only that", () => {
  const both = [Float32Array.of(0.5, 1), Float32Array.of(0.25, -1)];
  expect([...monoOf(both, null)]).toEqual([0.375, 0]);
  expect([...monoOf(both, 1)]).toEqual([0.25, -1]);
  expect([...monoOf([Float32Array.of(0.5)], 1)]).toEqual([0.5]);
});
