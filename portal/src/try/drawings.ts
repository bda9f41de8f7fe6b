// SPDX-License-Identifier: Apache-2.0
/* What people put on pictures and around them: words, stickers, a post on a phone's screen. Drawn here; nothing is loaded for it. */

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Place extends Size {
  readonly left: number;
  readonly top: number;
}

const INK = "#111";
const SOFT = "#d5d5d5";
/** Height of a phone's screen over its width. */
export const POST_SHAPE = 2.05;
/** Parts of a screen's width. */
const STATUS = 0.08;
const HEAD = 0.16;
const FOOT = 0.5;
/** Middle of the letters, in parts of the height. */
const LETTERS_AT = 0.68;
/** Middle and radius of each sticker, in parts of the width, the height and the shorter side. */
const STICKERS = [
  [0.24, 0.26, 0.11],
  [0.7, 0.4, 0.14],
  [0.42, 0.74, 0.12],
] as const;

/** Write one line into the middle of a place. */
export function writeLine(context: CanvasRenderingContext2D, words: string, place: Place, size: number): void {
  context.fillStyle = INK;
  setFont(context, size);
  context.fillText(words, place.left + place.width / 2, place.top + place.height / 2, place.width * 0.9);
}

/** Write large white letters with a dark edge over the lower half of the picture. */
export function writeAcross(context: CanvasRenderingContext2D, words: string, width: number, height: number): void {
  const size = Math.min(width, height) * 0.14;
  setFont(context, size, "bold ");
  context.lineWidth = Math.max(2, size * 0.12);
  context.lineJoin = "round";
  context.strokeStyle = INK;
  context.fillStyle = "#fff";
  context.strokeText(words, width / 2, height * LETTERS_AT, width * 0.85);
  context.fillText(words, width / 2, height * LETTERS_AT, width * 0.85);
}

/** Draw three round faces, as large as people set them. */
export function drawStickers(context: CanvasRenderingContext2D, width: number, height: number): void {
  for (const [across, down, share] of STICKERS)
    drawFace(context, width * across, height * down, Math.min(width, height) * share);
}

function drawFace(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  fillCircle(context, "#fc3", x, y, radius);
  for (const side of [-0.35, 0.35]) fillCircle(context, INK, x + side * radius, y - 0.25 * radius, 0.13 * radius);
  context.strokeStyle = INK;
  context.lineWidth = 0.1 * radius;
  context.beginPath();
  context.arc(x, y + 0.05 * radius, 0.5 * radius, 0.15 * Math.PI, 0.85 * Math.PI);
  context.stroke();
}

/** Return where a post shows a picture: as wide as the screen, or as tall as there is room for it. */
export function postPlace(screen: Size, picture: Size): Place {
  const top = (STATUS + HEAD) * screen.width;
  const room = screen.height - top - FOOT * screen.width;
  const scale = Math.min(screen.width / picture.width, room / picture.height);
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  return { left: Math.round((screen.width - width) / 2), top: Math.round(top), width, height };
}

/** Draw all of a post but its picture: the phone's own bar, who posts, and below what others do with it. */
export function drawPost(context: CanvasRenderingContext2D, words: string, screen: Size, picture: Place): void {
  const unit = screen.width / 20;
  context.textAlign = "left";
  write(context, "14:05", unit, STATUS * screen.width * 0.55, unit * 0.75);
  context.fillStyle = INK;
  context.fillRect(screen.width - 2.4 * unit, 0.5 * unit, 1.5 * unit, 0.7 * unit);
  const head = STATUS * screen.width;
  fillCircle(context, SOFT, 1.8 * unit, head + 1.6 * unit, 1.1 * unit);
  context.fillRect(3.5 * unit, head + 0.9 * unit, 6 * unit, 0.5 * unit);
  context.fillRect(3.5 * unit, head + 1.8 * unit, 4 * unit, 0.4 * unit);
  const below = picture.top + picture.height;
  for (const place of [1.5, 3.7, 5.9]) strokeCircle(context, place * unit, below + 1.5 * unit, 0.7 * unit);
  write(context, words, unit, below + 3.6 * unit, unit * 0.8);
  context.fillStyle = SOFT;
  for (const [line, width] of [14, 17, 9].entries())
    context.fillRect(unit, below + (4.8 + 1.1 * line) * unit, width * unit, 0.45 * unit);
}

function write(context: CanvasRenderingContext2D, words: string, x: number, y: number, size: number): void {
  context.fillStyle = INK;
  setFont(context, size, "bold ");
  context.textAlign = "left";
  context.fillText(words, x, y);
}

function setFont(context: CanvasRenderingContext2D, size: number, weight = ""): void {
  context.font = `${weight}${Math.max(8, Math.round(size))}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
}

function fillCircle(context: CanvasRenderingContext2D, colour: string, x: number, y: number, radius: number): void {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function strokeCircle(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.strokeStyle = INK;
  context.lineWidth = radius * 0.2;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}
