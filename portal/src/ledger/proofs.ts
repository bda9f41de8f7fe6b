// SPDX-License-Identifier: Apache-2.0
/*
 * Checks inclusion and consistency proofs of RFC 6962. Contract: spec/ledger.md, vectors/ledger.json.
 *
 * A check says no to everything that is not exactly a proof: too short, too long, of other sizes, with a hash of another length.
 */

import { areSame, joined, type Bytes } from "../bytes/bytes";

const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

/** Return the hash of one leaf's data. */
export function leafHash(data: Uint8Array): Promise<Bytes> {
  return sha256(LEAF, data);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(NODE, left, right);
}

/** Where one is on the way up: a node's number on its level, and that of the level's last. */
interface Height {
  place: number;
  last: number;
}

/** Say whether `path` leads from the leaf hash at `index` to the root of a tree of `size` leaves. */
export async function includes(
  root: Bytes,
  size: number,
  index: number,
  leaf: Bytes,
  path: readonly Bytes[],
): Promise<boolean> {
  if (!isIndex(index) || !Number.isSafeInteger(size) || index >= size || !areHashes(path)) return false;
  const height = { place: index, last: size - 1 };
  let subtree = leaf;
  for (const sibling of path) {
    if (height.last === 0) return false;
    subtree = isRightChild(height) ? await nodeHash(sibling, subtree) : await nodeHash(subtree, sibling);
    rise(height);
  }
  return height.last === 0 && areSame(subtree, root);
}

/** Say whether `proof` shows that the tree of `newSize` leaves begins with all of the tree of `oldSize`. */
export async function continues(
  oldSize: number,
  oldRoot: Bytes,
  newSize: number,
  newRoot: Bytes,
  proof: readonly Bytes[],
): Promise<boolean> {
  if (!isIndex(oldSize) || !isIndex(newSize) || oldSize > newSize || !areHashes(proof)) return false;
  if (oldSize === newSize) return proof.length === 0 && areSame(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && areSame(oldRoot, await sha256());
  const [first, ...siblings] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  const height = { place: oldSize - 1, last: newSize - 1 };
  while (height.place % 2 === 1) halve(height);
  let [oldSubtree, newSubtree] = [first, first];
  for (const sibling of siblings) {
    if (height.last === 0) return false;
    if (isRightChild(height))
      [oldSubtree, newSubtree] = [await nodeHash(sibling, oldSubtree), await nodeHash(sibling, newSubtree)];
    else newSubtree = await nodeHash(newSubtree, sibling);
    rise(height);
  }
  return height.last === 0 && areSame(oldSubtree, oldRoot) && areSame(newSubtree, newRoot);
}

/** The sibling stands to the left; also where this one is the last of its level and was carried up alone. */
function isRightChild({ place, last }: Height): boolean {
  return place % 2 === 1 || place === last;
}

/** Go up one level, and on over those where the last node stands alone. Sizes can be beyond 32 bits, so no bit operations. */
function rise(height: Height): void {
  if (isRightChild(height)) while (height.place > 0 && height.place % 2 === 0) halve(height);
  halve(height);
}

function halve(height: Height): void {
  height.place = Math.floor(height.place / 2);
  height.last = Math.floor(height.last / 2);
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPowerOfTwo(size: number): boolean {
  return Number.isInteger(Math.log2(size)) && 2 ** Math.log2(size) === size;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES);
}
