// SPDX-License-Identifier: Apache-2.0
/*
 * Blocks as a PDF, on the device. Letters that the font lacks stand as [U+4E2D]; scripts from the right keep their direction.
 *
 * Loaded only when somebody exports: the library and the font are large.
 */

import fontkit from "@cantoo/fontkit";
import { PDFDocument, rgb, type PDFFont, type PDFPage } from "@cantoo/pdf-lib";
import bidiFactory from "bidi-js";
import fontAddress from "dejavu-fonts-ttf/ttf/DejaVuSans.ttf?url";
import type { Block } from "./report";

/** A4 in points. */
const PAGE = { width: 595.28, height: 841.89, margin: 56 } as const;
const SIZES = { title: 18, heading: 13, text: 10.5, small: 8, pair: 10.5 } as const;
const INK = rgb(0.13, 0.16, 0.17);

const bidi = bidiFactory();

/** Return the bytes of a PDF; rejects where the font can't be loaded. */
export async function pdfOf(
  blocks: readonly Block[],
  title: string,
  language: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(fontAddress);
  if (!answer.ok) throw new Error("the font did not load");
  const file = await PDFDocument.create();
  file.registerFontkit(fontkit);
  const font = await file.embedFont(await answer.arrayBuffer(), { subset: true });
  file.setTitle(title);
  file.setProducer("Stillmine");
  file.setCreator("Stillmine");
  file.setLanguage(language);
  const writer = new Writer(file, font);
  for (const block of blocks) writer.write(block);
  writer.numberPages();
  return new Uint8Array(await file.save());
}

class Writer {
  private page: PDFPage;
  private y: number = PAGE.height - PAGE.margin;
  private readonly known: ReadonlySet<number>;

  constructor(
    private readonly file: PDFDocument,
    private readonly font: PDFFont,
  ) {
    this.page = this.newPage();
    this.known = new Set(font.getCharacterSet());
  }

  write(block: Block): void {
    const size = SIZES[block.kind];
    if (block.kind === "title" || block.kind === "heading") this.y -= size;
    if (block.kind === "heading" && this.y < PAGE.margin + 5 * size) this.page = this.newPage();
    const text = block.kind === "pair" ? `${block.label}: ${block.text}` : block.text;
    for (const paragraph of text.split(/\r\n|\r|\n/))
      for (const line of this.lines(this.shown(paragraph), size)) this.line(line, size);
    this.y -= size * 0.35;
  }

  numberPages(): void {
    const pages = this.file.getPages();
    pages.forEach((page, place) =>
      page.drawText(`${place + 1} / ${pages.length}`, {
        x: PAGE.width - PAGE.margin - 24,
        y: PAGE.margin / 2,
        size: 8,
        font: this.font,
        color: INK,
      }),
    );
  }

  private newPage(): PDFPage {
    this.y = PAGE.height - PAGE.margin;
    return this.file.addPage([PAGE.width, PAGE.height]);
  }

  /** The text as the font can show it. */
  private shown(text: string): string {
    const letters = [...text.replaceAll("\t", "    ")];
    return letters.map((letter) => (this.known.has(letter.codePointAt(0) ?? 0) ? letter : named(letter))).join("");
  }

  /** Lines no wider than the page; a word that is wider, such as an address, is broken where it has to be. */
  private lines(paragraph: string, size: number): readonly string[] {
    const most = PAGE.width - 2 * PAGE.margin;
    const fits = (text: string): boolean => this.font.widthOfTextAtSize(text, size) <= most;
    const lines: string[] = [];
    let line = "";
    const end = (next: string): void => {
      lines.push(line);
      line = next;
    };
    for (const word of paragraph.split(" ")) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (fits(longer)) line = longer;
      else {
        if (line !== "") end("");
        for (const letter of word) {
          if (!fits(line + letter)) end("");
          line += letter;
        }
      }
    }
    return [...lines, line];
  }

  private line(text: string, size: number): void {
    if (this.y - size < PAGE.margin) this.page = this.newPage();
    this.y -= size * 1.4;
    const { level, runs } = runsOf(text);
    const widths = runs.map((run) => this.font.widthOfTextAtSize(run, size));
    let x = level === 1 ? PAGE.width - PAGE.margin - widths.reduce((sum, width) => sum + width, 0) : PAGE.margin;
    runs.forEach((run, place) => {
      if (run !== "") this.page.drawText(run, { x, y: this.y, size, font: this.font, color: INK });
      x += widths[place] ?? 0;
    });
  }
}

/** Return a line's parts of one direction, from left to right, each as it is written; the font's shaping turns them. */
export function runsOf(text: string): { readonly level: number; readonly runs: readonly string[] } {
  const { levels, paragraphs } = bidi.getEmbeddingLevels(text, "auto");
  const runs: { level: number; text: string }[] = [];
  for (let place = 0; place < text.length; place += 1) {
    const level = levels[place] ?? 0;
    const last = runs[runs.length - 1];
    const letter = text.charAt(place);
    if (last?.level === level) last.text += letter;
    else runs.push({ level, text: letter });
  }
  const highest = Math.max(0, ...runs.map((run) => run.level));
  for (let level = highest; level >= 1; level -= 1) reverseFrom(runs, level);
  return { level: paragraphs[0]?.level ?? 0, runs: runs.map((run) => run.text) };
}

/** The standard's rule L2, over whole runs: turn round every stretch of at least this level. */
function reverseFrom(runs: { level: number; text: string }[], level: number): void {
  for (let start = 0; start < runs.length; start += 1) {
    if ((runs[start]?.level ?? 0) < level) continue;
    let end = start;
    while (end < runs.length && (runs[end]?.level ?? 0) >= level) end += 1;
    runs.splice(start, end - start, ...runs.slice(start, end).reverse());
    start = end;
  }
}

function named(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  const isInvisible = code < 32 || (code >= 0x200b && code <= 0x200f) || (code >= 0xfe00 && code <= 0xfe0f);
  return isInvisible ? "" : `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}
