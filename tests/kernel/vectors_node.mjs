// SPDX-License-Identifier: Apache-2.0
// The vectors under node: prints { checked, failures } as JSON. Arguments: folder of the wrapper, folder of the vectors.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { checkRegions } from "./check_regions.mjs";
import { checkVectors } from "./check_vectors.mjs";

const [wrapperFolder, vectorFolder] = process.argv.slice(2);
const wrapper = await import(pathToFileURL(path.join(wrapperFolder, "kernel.ts")));
const regions = await import(pathToFileURL(path.join(wrapperFolder, "regions.ts")));
const wasm = await readFile(path.join(wrapperFolder, "stillmine_pdq.wasm"));
const readJson = async (name) => JSON.parse(await readFile(path.join(vectorFolder, name), "utf8"));
const readPixels = async (name) => new Uint8Array(await readFile(path.join(vectorFolder, "pixels", name)));

const one = await checkVectors(wrapper, wasm, await readJson("pdq.json"), readPixels);
const other = await checkRegions({ ...wrapper, ...regions }, wasm, await readJson("regions.json"), readPixels);
console.log(JSON.stringify({ checked: one.checked + other.checked, failures: [...one.failures, ...other.failures] }));
