/* SPDX-License-Identifier: Apache-2.0 */
/* Black bars around the pictures of a video that are there the whole time: spec/video.md, "Bars".
 *
 * A row or column belongs to a bar only if it is black in every picture that has detail. The caller keeps the brightest
 * value of each row and column, which is all that is learned of a picture. Never trims what was ever visible.
 *
 * Freestanding C11, as pdq.h: no allocation, no library, no floating point. */
#ifndef STILLMINE_BARS_H
#define STILLMINE_BARS_H

#include <stddef.h>
#include <stdint.h>

/* In pixels; right and bottom are not part of it. */
struct stillmine_bounds {
    uint32_t left;
    uint32_t top;
    uint32_t right;
    uint32_t bottom;
};

/* Takes in `row_count` rows of RGB8 or RGBA8 (`channels` 3 or 4; alpha is not looked at): raises the brightest value of
 * each of them, and of each column. Both begin as zeros. What is too bright for a bar is not looked at again. */
void stillmine_learn_bars(const uint8_t *rows, size_t row_stride, uint32_t width, uint32_t row_count, uint32_t channels,
                          uint8_t *brightest_of_rows, uint8_t *brightest_of_columns);

/* Writes what to look at between the bars; all of it where nothing was learned, or where it is only a dark scene. */
void stillmine_find_bars(const uint8_t *brightest_of_rows, uint32_t height, const uint8_t *brightest_of_columns,
                         uint32_t width, struct stillmine_bounds *bounds);

/* Whether fingerprints within both are as good as the same: 1 or 0. */
int stillmine_are_close_bounds(const struct stillmine_bounds *one, const struct stillmine_bounds *other, uint32_t width,
                               uint32_t height);

#endif
