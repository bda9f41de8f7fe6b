// SPDX-License-Identifier: Apache-2.0
// The vectors under node: prints { checked, failures } as JSON. Arguments: folder of the wrapper, folder of the vectors.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { checkVectors } from "./check_vectors.mjs";

const [wrapperFolder, vectorFolder] = process.argv.slice(2);
const wrapper = await import(pathToFileURL(path.join(wrapperFolder, "kernel.ts")));
const wasm = await readFile(path.join(wrapperFolder, "stillmine_pdq.wasm"));
const vectors = JSON.parse(await readFile(path.join(vectorFolder, "pdq.json"), "utf8"));
const readPixels = async (name) => new Uint8Array(await readFile(path.join(vectorFolder, "pixels", name)));

console.log(JSON.stringify(await checkVectors(wrapper, wasm, vectors, readPixels)));
