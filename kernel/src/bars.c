/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of a side are written as so many parts of a whole, so that they are compared in integers. */
#include "stillmine/bars.h"

#define MAX_BLACK 24           /* of 255: compression leaves black this bright */
#define MAX_DARK 96            /* the inner edge of a bar is this bright where the picture was made smaller */
#define EDGE_PART 64           /* one in so many pixels of a side: how wide such an edge may be */
#define MIN_BAR_PART 50        /* one in so many pixels of a side: the narrowest bar */
#define MAX_TRIMMED_PERCENT 60 /* of a side; more is a dark scene, not a bar */
#define TOLERATED_PART 200     /* one in so many pixels of a side: bounds this close give nearly the same bits */

#define ROWS_AT_ONCE 64 /* of columns: their pixels stay in the processor's cache from one column to the next */

static uint8_t brighter(uint8_t one, uint8_t other) {
    return one > other ? one : other;
}

/* Looks at `count` pixels, each `step` bytes behind the one before, until one is too bright for any bar. */
static void learn_line(const uint8_t *pixel, size_t step, uint32_t count, uint8_t *brightest) {
    for (uint32_t i = 0; i < count && *brightest <= MAX_DARK; i++, pixel += step) {
        *brightest = brighter(*brightest, brighter(brighter(pixel[0], pixel[1]), pixel[2]));
    }
}

void stillmine_learn_bars(const uint8_t *rows, size_t row_stride, uint32_t width, uint32_t row_count, uint32_t channels,
                          uint8_t *brightest_of_rows, uint8_t *brightest_of_columns) {
    for (uint32_t row = 0; row < row_count; row++) {
        learn_line(rows + row * row_stride, channels, width, brightest_of_rows + row);
    }
    for (uint32_t first = 0; first < row_count; first += ROWS_AT_ONCE) {
        const uint32_t count = row_count - first < ROWS_AT_ONCE ? row_count - first : ROWS_AT_ONCE;
        for (uint32_t column = 0; column < width; column++) {
            const uint8_t *pixel = rows + first * row_stride + (size_t)column * channels;
            learn_line(pixel, row_stride, count, brightest_of_columns + column);
        }
    }
}

/* How many of `count` values from a bar inwards are dark without a break; `direction` is 1 or -1. */
static uint32_t count_dark(const uint8_t *value, int direction, uint32_t count) {
    uint32_t dark = 0;
    while (dark < count && *value <= MAX_DARK) {
        dark++;
        value += direction;
    }
    return dark;
}

static void find_visible(const uint8_t *brightest, uint32_t length, uint32_t *start, uint32_t *stop) {
    uint32_t first = 0;
    uint32_t end = length;
    *start = 0;
    *stop = length;
    while (first < length && brightest[first] <= MAX_BLACK) {
        first++;
    }
    while (end > first && brightest[end - 1] <= MAX_BLACK) {
        end--;
    }
    const uint64_t trimmed = length - (end - first);
    if (first == length || 100 * trimmed > (uint64_t)MAX_TRIMMED_PERCENT * length) {
        return;
    }
    const uint32_t edge = (length + EDGE_PART - 1) / EDGE_PART;
    if ((uint64_t)MIN_BAR_PART * first >= length) {
        *start = first + count_dark(brightest + first, 1, edge < length - first ? edge : length - first);
    }
    if ((uint64_t)MIN_BAR_PART * (length - end) >= length) {
        *stop = end - count_dark(brightest + end - 1, -1, edge < end ? edge : end);
    }
}

void stillmine_find_bars(const uint8_t *brightest_of_rows, uint32_t height, const uint8_t *brightest_of_columns,
                         uint32_t width, struct stillmine_bounds *bounds) {
    find_visible(brightest_of_columns, width, &bounds->left, &bounds->right);
    find_visible(brightest_of_rows, height, &bounds->top, &bounds->bottom);
}

static int is_close(uint32_t one, uint32_t other, uint32_t length) {
    const uint64_t between = one > other ? one - other : other - one;
    return TOLERATED_PART * between <= length;
}

int stillmine_are_close_bounds(const struct stillmine_bounds *one, const struct stillmine_bounds *other, uint32_t width,
                               uint32_t height) {
    return is_close(one->left, other->left, width) && is_close(one->right, other->right, width) &&
           is_close(one->top, other->top, height) && is_close(one->bottom, other->bottom, height);
}
