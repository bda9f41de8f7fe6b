/* SPDX-License-Identifier: Apache-2.0 */
/* The picture within a picture: inside plain borders, letterbox bars, a caption's strip, a phone's screen.
 *
 * Copies circulate with such things around them, and then the hash of the whole says little. Bars are looked for from
 * the edges inwards, line by line, in luma: a bar has one ground, with little else on it, and ends in a step. Most
 * pictures have none, and then four looks at their edges are all it costs.
 *
 * Freestanding C11, as pdq.h: no allocation, no library, no floating point. Keeps nothing. */
#ifndef STILLMINE_TRIMS_H
#define STILLMINE_TRIMS_H

#include <stddef.h>
#include <stdint.h>

#define STILLMINE_MAX_PARTS 4
/* That must be left, along both axes, of the decoded picture. */
#define STILLMINE_MIN_PART_PIXELS 64

enum stillmine_side { STILLMINE_ABOVE = 0, STILLMINE_BELOW = 1, STILLMINE_LEFT = 2, STILLMINE_RIGHT = 3 };

enum stillmine_bar_kind {
    STILLMINE_NO_BAR = 0,
    STILLMINE_PLAIN_BAR = 1,
    STILLMINE_WRITTEN_BAR = 2 /* with words or symbols on it; above and below only */
};

/* Bounds in pixels of the decoded picture, right and bottom excluded, and what was found at each side. */
struct stillmine_part {
    uint32_t left;
    uint32_t top;
    uint32_t right;
    uint32_t bottom;
    uint32_t found[4]; /* by stillmine_side, an stillmine_bar_kind */
};

/* Writes the pictures that may be inside upright luma, and returns how many: none for most, at most
 * STILLMINE_MAX_PARTS. Width and height are at most STILLMINE_MAX_DIMENSION. */
uint32_t stillmine_find_parts(const uint8_t *luma, size_t row_stride, uint32_t width, uint32_t height,
                              struct stillmine_part parts[STILLMINE_MAX_PARTS]);

#endif
