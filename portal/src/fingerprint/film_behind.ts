// SPDX-License-Identifier: Apache-2.0
/*
 * The films that belong to a still picture: those behind a photograph (motion photo), and the sequence in a HEIF file. Found by their own
 * heads, the rules of stillmine.fingerprint.structure.film_behind: what the file says of itself elsewhere is not asked. Must never decode.
 */

import { asMovie, holdsSequence, isAvif, isOfBoxes, startsMovie } from "./boxes";
import { MAXIMUM_FILMS } from "./limits";
import { familyOf } from "./sniff";

const HEAD = 0x66747970; // ftyp
const INDEX = 0x6d6f6f76; // moov
const SMALLEST_HEAD = 16;

/** Return the films of a still picture, each as a file of its own; none of other files. */
export function filmsBehind(bytes: Uint8Array<ArrayBuffer>): readonly Blob[] {
  if (!isOfBoxes(bytes) && !(bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff)) return [];
  const sequence = holdsSequence(bytes) && !isAvif(bytes) ? [asMovie(bytes)] : []; // that of an AVIF is its animation
  return [...sequence, ...appended(bytes)]
    .slice(0, MAXIMUM_FILMS)
    .map((film) => new Blob([film], { type: "video/mp4" }));
}

/** Return what stands in front of the first film's head, be it whole or not: all of a file that has none. */
export function beforeFilms(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const [first] = headsOf(bytes, 1);
  return bytes.subarray(0, first);
}

function appended(bytes: Uint8Array<ArrayBuffer>): readonly Uint8Array<ArrayBuffer>[] {
  const heads = headsOf(bytes, MAXIMUM_FILMS);
  const films = heads.map((head, place) => bytes.subarray(head, heads[place + 1] ?? bytes.length));
  return films.filter((film) => find(film, INDEX, 0) >= 0);
}

function headsOf(bytes: Uint8Array<ArrayBuffer>, most: number): readonly number[] {
  const heads: number[] = [];
  for (
    let found = find(bytes, HEAD, SMALLEST_HEAD);
    found >= 0 && heads.length < most;
    found = find(bytes, HEAD, found + 4)
  ) {
    const isFilm = startsMovie(bytes, found - 4) && familyOf(bytes.subarray(found - 4, found + 12)) === "video";
    if (isFilm) heads.push(found - 4);
  }
  return heads;
}

/** Return where four bytes stand from a place on; -1 where they don't. */
function find(bytes: Uint8Array, word: number, from: number): number {
  const [first, second, third, fourth] = [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255];
  for (let place = bytes.indexOf(first, from); place >= 0; place = bytes.indexOf(first, place + 1)) {
    if (bytes[place + 1] === second && bytes[place + 2] === third && bytes[place + 3] === fourth) return place;
  }
  return -1;
}
