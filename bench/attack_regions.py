# SPDX-License-Identifier: Apache-2.0
"""Attacks on both judges, on 44 photographs: copies made not to be found, pictures made to be taken for others, values that were typed.

Figures for docs/security-testing.md; `tests/attacks/test_region_attacks.py` holds a few of them. Attackers have the picture and this code.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import region_attacks as attacks
from measuring import LARGER_MEDIA, machine, versions
from PIL import Image, ImageFilter, ImageOps
from region_asking import Pixels
from region_upload import Enrolled, Upload, enrolled, pdq_of

from stillmine.fingerprint import distance_bits
from stillmine.matching.region_index import RegionIndex
from stillmine.matching.region_look import Judgement, Verdict
from stillmine.matching.region_values import stored_regions
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS

ROOT = Path(__file__).resolve().parents[1]
PHOTOGRAPHS = LARGER_MEDIA / "photos" if LARGER_MEDIA else ROOT / "tests" / "media" / "photos"
COUNT = 44
LONGEST = 800
FARTHER = 9
"""The picture so many places on is the one to be taken for."""
VARIANTS_TRIED = (3, 8)
VARIANTS_ASKED = 3
BITS_TURNED = (40, 56, 72, 88)
"""By somebody who knows of variants, more than are needed without."""
TYPED_AGAINST = 12
VICTIMS = 8
VICTIMS_BY_PATCH = 2
GROUNDS = 24
HEAD_BYTES = 38
Attack = Callable[[Pixels, Enrolled], Pixels]
Known = tuple[Pixels, Enrolled]


def photographs(count: int = COUNT) -> list[Known]:
    """Return photographs and what a case holds of each: Kodak's, then garments."""
    garments = sorted((PHOTOGRAPHS / "clothing").rglob("*.jpg"))
    paths = sorted(path for path in (PHOTOGRAPHS / "kodak").rglob("*") if path.is_file()) + garments[:: max(1, len(garments) // 26)]
    found: list[Known] = []
    for path in paths:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
        picture.thumbnail((LONGEST, LONGEST))
        pixels = np.asarray(picture)
        if len(found) < count and (known := enrolled(pixels)) is not None:
            found.append((pixels, known))
    return found


EVASIONS: dict[str, Attack] = {
    "nothing": lambda pixels, _: pixels,
    "PDQ turned by 40 bits": lambda pixels, _: attacks.evade_pdq(pixels),
    "6 strongest regions blurred": lambda pixels, known: attacks.blur_keypoints(pixels, known, 6, 0.3),
    "12 strongest regions blurred": lambda pixels, known: attacks.blur_keypoints(pixels, known, 12, 0.3),
    "all regions blurred": lambda pixels, known: attacks.blur_keypoints(pixels, known, 255, 0.3),
    "30 % of the bits of each region turned": lambda pixels, known: attacks.evade_regions(pixels, known, 0.3),
    "45 % of them": lambda pixels, known: attacks.evade_regions(pixels, known, 0.45),
    "60 % of them": lambda pixels, known: attacks.evade_regions(pixels, known, 0.6),
    "60 % of them, then PDQ": lambda pixels, known: attacks.evade_pdq(attacks.evade_regions(pixels, known, 0.6)),
}

KEYED: dict[str, Attack] = {
    name: EVASIONS[name]
    for name in (
        "PDQ turned by 40 bits",
        "12 strongest regions blurred",
        "all regions blurred",
        "45 % of them",
        "60 % of them",
        "60 % of them, then PDQ",
    )
}
KEYED |= {"60 % of them, then PDQ by 72": lambda pixels, known: attacks.evade_pdq(attacks.evade_regions(pixels, known, 0.6), 72)}
"""Asked about with variants too."""


def evasions(known: list[Known]) -> Iterator[str]:
    """Yield a row for each attack that is meant not to be found."""
    yield "| attack | PSNR, median and least | found by PDQ | by regions: match | part | by neither |\n|---|---:|---:|---:|---:|---:|\n"
    for name, attack in EVASIONS.items():
        likeness, came = [], []
        for pixels, own in known:
            made = attack(pixels, own)
            upload = Upload(made)
            likeness.append(attacks.psnr(pixels, made))
            came.append((upload.is_pdq_match(own.pdq), upload.verdict(own.stored)))
        by = Counter(verdict for _, verdict in came)
        shown = f"{np.median(likeness):.1f}, {min(likeness):.1f}" if name != "nothing" else "–"
        neither = sum(not is_match and verdict is Verdict.CLEAR for is_match, verdict in came)
        yield f"| {name} | {shown} | {sum(is_match for is_match, _ in came)} | {by[Verdict.MATCH]} | {by[Verdict.PART]} | {neither} |\n"


def forgeries(known: list[Known]) -> Iterator[str]:
    """Yield what becomes of pictures that were given the PDQ, or the patches, of another one."""
    likeness, quality, judged = [], [], Counter[str]()
    for number, (pixels, _) in enumerate(known):
        target = known[(number + FARTHER) % len(known)][1]
        made = attacks.forge_pdq(pixels, target.pdq)
        upload = Upload(made)
        likeness.append(attacks.psnr(pixels, made))
        quality.append(upload.made.quality)
        judged[upload.judgement(target.stored) if upload.is_pdq_match(target.pdq) else "no match"] += 1
    yield f"PDQ forged: PSNR median {np.median(likeness):.1f}, quality {min(quality)} to {max(quality)}; "
    yield ", ".join(f"{judged[name]} {name}" for name in (*Judgement, "no match")) + f" of {len(known)}\n\n"
    yield "| patches of another picture laid over, share | PSNR | taken for the other: PDQ | match | part |\n|---:|---:|---:|---:|---:|\n"
    for share in (0.5, 0.7, 0.85, 1.0):
        likeness, by, matches = [], Counter[str](), 0
        for number, (pixels, _) in enumerate(known):
            other, target = known[(number + FARTHER) % len(known)]
            made = attacks.carry_regions(pixels, other, target.stored, share)
            upload = Upload(made)
            likeness.append(attacks.psnr(pixels, made))
            by[upload.verdict(target.stored)] += 1
            matches += upload.is_pdq_match(target.pdq)
        yield f"| {share:.0%} | {np.median(likeness):.1f} | {matches} | {by[Verdict.MATCH]} | {by[Verdict.PART]} |\n"


def typed(known: list[Known]) -> Iterator[str]:
    """Yield what becomes of values that nobody's picture gave."""
    drawn = random.Random(16)
    uploads = [Upload(pixels) for pixels, _ in known[:TYPED_AGAINST]]
    values = [stored_regions(typed_value(own.value, drawn)) for _, own in known]
    clear = sum(upload.verdict(stored) is Verdict.CLEAR for upload in uploads for stored in values)
    yield f"typed regions: {clear} of {len(values) * len(uploads)} uploads clear\n"


def typed_value(value: bytes, drawn: random.Random) -> bytes:
    """Return a value with hashes at random and everything else as it was."""
    rows = np.frombuffer(value, np.uint8, offset=HEAD_BYTES).reshape(-1, 37).copy()
    rows[:, :32] = np.frombuffer(drawn.randbytes(32 * len(rows)), np.uint8).reshape(-1, 32)
    return value[:HEAD_BYTES] + rows.tobytes()


def variant(pixels: Pixels, drawn: random.Random) -> Pixels:
    """Return a picture cut by up to 4 % a side, or blurred, as an attacker can't know."""
    height, width = pixels.shape[:2]
    if drawn.random() < 0.3:
        return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(drawn.uniform(0.5, 3) * width / 400)))
    left, right, top, bottom = (drawn.uniform(0, 0.04) for _ in range(4))
    return pixels[round(top * height) : round((1 - bottom) * height), round(left * width) : round((1 - right) * width)]


def keyed(known: list[Known]) -> Iterator[str]:
    """Yield whether asking about variants too finds what evades."""
    drawn = random.Random(17)
    honest = [distance_bits(pdq_of(variant(pixels, drawn)), own.pdq) for pixels, own in known]
    yield f"a variant of a picture itself lies {np.median(honest):.0f} bits away (median)\n\n"
    yield f"| PDQ turned by | PSNR | found by PDQ with {' | '.join(f'{count} variants' for count in VARIANTS_TRIED)} |\n"
    yield "|---:|---:|---:|---:|\n"
    for bits in BITS_TURNED:
        found, likeness = Counter[int](), []
        for pixels, own in known:
            made = attacks.evade_pdq(pixels, bits)
            likeness.append(attacks.psnr(pixels, made))
            distances = [distance_bits(pdq_of(variant(made, drawn)), own.pdq) for _ in range(max(VARIANTS_TRIED))]
            for count in VARIANTS_TRIED:
                found[count] += min(distances[:count]) <= MAXIMUM_DISTANCE_BITS
        yield f"| {bits} bits | {np.median(likeness):.1f} | {' | '.join(str(found[count]) for count in VARIANTS_TRIED)} |\n"
    yield f"\n| attack | found by either, as it is: match | part | with {VARIANTS_ASKED} variants: match | part |\n"
    yield "|---|---:|---:|---:|---:|\n"
    for name, attack in KEYED.items():
        plain, with_variants = Counter[Verdict](), Counter[Verdict]()
        for pixels, own in known:
            made = attack(pixels, own)
            said = [either(part, own) for part in (made, *(variant(made, drawn) for _ in range(VARIANTS_ASKED)))]
            plain[said[0]] += 1
            with_variants[min(said, key=list(Verdict).index)] += 1
        counts = [some[verdict] for some in (plain, with_variants) for verdict in (Verdict.MATCH, Verdict.PART)]
        yield f"| {name} | {' | '.join(map(str, counts))} |\n"


def either(pixels: Pixels, own: Enrolled) -> Verdict:
    """Return the most that one of both judges says."""
    upload = Upload(pixels)
    return Verdict.MATCH if upload.is_pdq_match(own.pdq) else upload.verdict(own.stored)


def pasted_on_many(known: list[Known]) -> Iterator[str]:
    """Yield what becomes of a picture that somebody pasted onto many others and protected these, to have its regions called common."""
    grounds = [pixels for pixels, _ in known[-GROUNDS:]]
    for count, what in ((VICTIMS, "whole"), (VICTIMS_BY_PATCH, "patch by patch")):
        came, common = Counter[str](), []
        for pixels, own in known[:count]:
            if what == "whole":
                made = [attacks.pasted(ground, pixels, 0.6) for ground in grounds]
            else:
                made = [attacks.pasted_patch(ground, pixels, own.stored, patch) for patch in range(len(own.stored)) for ground in grounds]
            index = RegionIndex()
            index.add(bytes(16), own.value)
            for number, held in enumerate(map(enrolled, made)):
                if held is not None:
                    index.add((number + 1).to_bytes(16), held.value)
            upload = Upload(pixels)
            shared = index.search(upload.regions(is_stretched=False).hashes)
            pairs = [picture.pairs for picture in shared.pictures if picture.id == bytes(16)]
            common.append(float(shared.is_common[np.unique(pairs[0][:, 1])].mean()) if pairs else 0.0)
            verdict = upload.verdict(own.stored)
            came[Verdict.PART if verdict is Verdict.MATCH and common[-1] == 1 else verdict] += 1
        told = ", ".join(f"{number} {verdict}" for verdict, number in came.items())
        yield f"pasted {what} on {GROUNDS} others, all protected: {np.mean(common):.0%} of its regions are common then; copies: {told}\n"


PARTS = {"evasions": evasions, "forgeries": forgeries, "typed": typed, "keyed": keyed, "pasted": pasted_on_many}


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--photos", type=int, default=COUNT)
    parser.add_argument("--part", choices=PARTS, action="append")
    wanted = parser.parse_args()
    known = photographs(wanted.photos)
    sys.stdout.write(f"{len(known)} photographs\n\n")
    for part in wanted.part or PARTS:
        for line in PARTS[part](known):
            sys.stdout.write(line)
            sys.stdout.flush()
        sys.stdout.write("\n")
    sys.stdout.write(f"{machine()}, {versions('stillmine', 'numpy', 'pillow')}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
