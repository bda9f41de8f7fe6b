// SPDX-License-Identifier: Apache-2.0
// Runs the vectors of regions through kernel.ts; the same module under node and in a page of Chromium.
// Must never skip: a vector that can't be run is a failure.

import { makePicture } from "./check_vectors.mjs";

function checksum(bytes) {
  let value = 2166136261;
  for (const byte of bytes) {
    value = Math.imul(value ^ byte, 16777619);
  }
  return value >>> 0;
}

function linesOf({ count, geometry, hashes, mirrored, strengths }, toHex) {
  return Array.from({ length: count }, (_, index) =>
    [
      toHex(geometry.subarray(5 * index, 5 * index + 5)),
      toHex(hashes.subarray(32 * index, 32 * index + 32)),
      toHex(mirrored.subarray(32 * index, 32 * index + 32)),
      strengths[index],
    ].join(" "),
  );
}

function checkViews(kernel, entry, base, toHex) {
  const failures = [];
  for (const { area, stretch, count, regions, frames } of entry.views) {
    const found = kernel.findRegions(base, area, stretch, count);
    if (linesOf(found, toHex).join() !== regions.join()) {
      failures.push(`${entry.name}, ${area}, ${stretch} %: other regions`);
    }
    if (kernel.frameRegions(found.geometry, base, stretch).join() !== frames.flat().join()) {
      failures.push(`${entry.name}, ${area}, ${stretch} %: other frames`);
    }
  }
  return failures;
}

function checkPicture(kernel, entry, pixels, toHex) {
  const base = kernel.base(pixels, entry.width, entry.height, entry.format);
  const failures = checkViews(kernel, entry, base, toHex);
  const rowBytes = pixels.length / entry.height;
  const rows = Array.from({ length: entry.height }, (_, row) => pixels.subarray(row * rowBytes, (row + 1) * rowBytes));
  if (toHex(kernel.baseOfRows(rows, entry.width, entry.height, entry.format).levels) !== toHex(base.levels)) {
    failures.push(`${entry.name}: another base, row by row`);
  }
  if (base.width !== entry.base.width || base.height !== entry.base.height || checksum(base.levels) !== entry.base.fnv1a) {
    failures.push(`${entry.name}: another base`);
  }
  const enrolled = linesOf(kernel.enrolRegions(base), toHex).map((line) => line.split(" ").slice(0, 2).join(" "));
  if (enrolled.join() !== entry.enrolled.join()) {
    failures.push(`${entry.name}: a case is given others`);
  }
  const value = kernel.regionsValue(base, Uint8Array.from({ length: 32 }, (_, index) => index));
  if (entry.value_fnv1a !== (value === null ? null : checksum(value))) {
    failures.push(`${entry.name}: another value`);
  }
  const hashes = toHex(kernel.hashFrames(base, Int16Array.from(entry.places.flatMap(({ frame }) => frame))));
  if (hashes !== entry.places.map(({ hash }) => hash).join("")) {
    failures.push(`${entry.name}: places look otherwise`);
  }
  return failures;
}

function refuse(kernel, { name, width, height, area, stretch, status }) {
  try {
    kernel.findRegions({ width, height, levels: new Uint8Array(0) }, area, stretch, 9);
    return [`${name}: was taken`];
  } catch (error) {
    return error.code === status ? [] : [`${name}: ${error.code ?? error} instead of ${status}`];
  }
}

/** Returns { checked, failures }. */
export async function checkRegions({ RegionKernel, toHex }, wasm, vectors, readPixels) {
  const kernel = await RegionKernel.load(wasm);
  const failures = [];
  for (const entry of vectors.pictures) {
    failures.push(...checkPicture(kernel, entry, await makePicture(entry, readPixels), toHex));
  }
  for (const entry of vectors.refused) {
    failures.push(...refuse(kernel, entry));
  }
  return { checked: vectors.pictures.length + vectors.refused.length, failures };
}
