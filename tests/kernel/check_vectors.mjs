// SPDX-License-Identifier: Apache-2.0
// Runs the vectors through kernel.ts; the same module under node and in a page of Chromium.
// Must never skip: a vector that can't be run is a failure.

const CHANNELS = { luma8: 1, rgb8: 3, rgba8: 4 };

/** The pattern of spec/fingerprint.md. */
function makeCells(width, height, channels, cells, seed) {
  const picture = new Uint8Array(width * height * channels);
  let position = 0;
  for (let y = 0; y < height; y += 1) {
    const down = Math.imul(Math.floor((y * cells[1]) / height), 19349663);
    for (let x = 0; x < width; x += 1) {
      const across = Math.imul(Math.floor((x * cells[0]) / width), 73856093);
      for (let channel = 0; channel < channels; channel += 1) {
        let mixed = across ^ down ^ Math.imul(channel, 83492791) ^ Math.imul(seed, 2654435761);
        mixed = Math.imul(mixed ^ (mixed >>> 13), 1274126177);
        picture[position] = (mixed ^ (mixed >>> 16)) & 255;
        position += 1;
      }
    }
  }
  return picture;
}

/** The bytes of a vector's picture; `readPixels` gives those kept as files. */
export async function makePicture(entry, readPixels) {
  if (entry.file !== undefined) {
    return readPixels(entry.file);
  }
  const channels = CHANNELS[entry.format];
  const picture = makeCells(entry.width, entry.height, channels, entry.cells, entry.seed);
  if (entry.is_faint) {
    picture.forEach((value, index) => {
      picture[index] = 112 + (value >> 3);
    });
  }
  if (channels === 4) {
    const alpha = makeCells(entry.width, entry.height, 1, entry.cells, entry.seed + 1);
    alpha.forEach((value, index) => {
      picture[4 * index + 3] = entry.alpha === "cells" ? value : 255;
    });
  }
  return picture;
}

function compare(name, entry, result, toHex) {
  const hashes = result.hashes.map(toHex).join(" ");
  const isSame = hashes === entry.hashes.join(" ") && result.quality === entry.quality;
  return isSame ? [] : [`${name}: ${hashes} quality ${result.quality}`];
}

function stream(kernel, entry, pixels, rows) {
  const rowBytes = entry.width * CHANNELS[entry.format];
  const started = kernel.begin(entry.width, entry.height, entry.format);
  for (let start = 0; start < pixels.length; start += rows * rowBytes) {
    started.addRows(pixels.subarray(start, start + rows * rowBytes));
  }
  return started.finish();
}

function refuse(kernel, entry) {
  const names = { 1: "luma8", 3: "rgb8", 4: "rgba8" };
  try {
    const started = kernel.begin(entry.width, entry.height, names[entry.format_number] ?? "none");
    if (!entry.is_begun) {
      kernel.begin(entry.width, entry.height, names[entry.format_number]);
    }
    started.addRows(new Uint8Array(entry.width * entry.format_number * entry.rows));
    started.finish();
    return [`${entry.name}: was taken`];
  } catch (error) {
    return error.code === entry.status ? [] : [`${entry.name}: ${error.code ?? error} instead of ${entry.status}`];
  }
}

/** Returns { checked, failures }. */
export async function checkVectors({ Kernel, toHex, VARIANTS }, wasm, vectors, readPixels) {
  const kernel = await Kernel.load(wasm);
  const failures = VARIANTS.join() === vectors.variants.join() ? [] : ["the variants have other names"];
  let checked = 0;
  for (const entry of vectors.pictures) {
    const pixels = await makePicture(entry, readPixels);
    failures.push(...compare(entry.name, entry, kernel.pdq(pixels, entry.width, entry.height, entry.format), toHex));
    failures.push(...compare(`${entry.name}, three rows at a time`, entry, stream(kernel, entry, pixels, 3), toHex));
    const alone = { ...entry, hashes: entry.hashes.slice(0, 1) };
    failures.push(...compare(`${entry.name}, alone`, alone, kernel.pdq(pixels, entry.width, entry.height, entry.format, 1), toHex));
    checked += 1;
  }
  for (const entry of vectors.refused) {
    failures.push(...refuse(kernel, entry));
    checked += 1;
  }
  return { checked, failures };
}
