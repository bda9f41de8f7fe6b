/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of a side are written as so many parts of a whole, so that they are compared in integers. */
#include "stillmine/bars.h"

#define COLOURS 3 /* of a pixel; what follows is its alpha */
#define MAX_BLACK 24           /* of 255: compression leaves black this bright */
#define MAX_DARK 96            /* the inner edge of a bar is this bright where the picture was made smaller */
#define EDGE_PART 64           /* one in so many pixels of a side: how wide such an edge may be */
#define MIN_BAR_PART 50        /* one in so many pixels of a side: the narrowest bar */
#define MAX_TRIMMED_PERCENT 60 /* of a side; more is a dark scene, not a bar */
#define TOLERATED_PART 200     /* one in so many pixels of a side: bounds this close give nearly the same bits */

#define LANES 48 /* a multiple of 3 and of 4: a value's place says which colour it is, and compilers do 16 at once */

static uint8_t brighter(uint8_t one, uint8_t other) {
    return one > other ? one : other;
}

/* The brightest colour of a row of `bytes` values. */
static uint8_t find_brightest(const uint8_t *row, size_t bytes, uint32_t channels) {
    uint8_t lanes[LANES] = {0};
    uint8_t brightest = 0;
    size_t done = 0;
    for (; done + LANES <= bytes; done += LANES) {
        for (uint32_t lane = 0; lane < LANES; lane++) {
            lanes[lane] = brighter(lanes[lane], row[done + lane]);
        }
    }
    for (; done < bytes; done++) {
        lanes[done % LANES] = brighter(lanes[done % LANES], row[done]);
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
        brightest = lane % channels < COLOURS ? brighter(brightest, lanes[lane]) : brightest;
    }
    return brightest;
}

void stillmine_learn_bars(const uint8_t *rows, size_t row_stride, uint32_t width, uint32_t row_count, uint32_t channels,
                          uint8_t *restrict brightest_of_rows, uint8_t *restrict brightest_of_columns) {
    const size_t bytes = (size_t)width * channels;
    for (uint32_t row = 0; row < row_count; row++) {
        const uint8_t *restrict values = rows + row * row_stride;
        brightest_of_rows[row] = brighter(brightest_of_rows[row], find_brightest(values, bytes, channels));
        for (size_t i = 0; i < bytes; i++) {
            brightest_of_columns[i] = brighter(brightest_of_columns[i], values[i]);
        }
    }
}

/* The brightest values of rows (`channels` 1) or columns. */
struct side {
    const uint8_t *brightest;
    uint32_t length;
    uint32_t channels;
};

static uint8_t value_at(const struct side *side, uint32_t place) {
    const uint8_t *value = side->brightest + (size_t)place * side->channels;
    return side->channels == 1 ? *value : brighter(brighter(value[0], value[1]), value[2]);
}

/* How many of `count` places from `place` inwards are dark without a break; `direction` is 1 or -1. */
static uint32_t count_dark(const struct side *side, uint32_t place, int direction, uint32_t count) {
    uint32_t dark = 0;
    while (dark < count && value_at(side, direction > 0 ? place + dark : place - dark) <= MAX_DARK) {
        dark++;
    }
    return dark;
}

static void find_visible(const struct side *side, uint32_t *start, uint32_t *stop) {
    const uint32_t length = side->length;
    uint32_t first = 0;
    uint32_t end = length;
    *start = 0;
    *stop = length;
    while (first < length && value_at(side, first) <= MAX_BLACK) {
        first++;
    }
    while (end > first && value_at(side, end - 1) <= MAX_BLACK) {
        end--;
    }
    const uint64_t trimmed = length - (end - first);
    if (first == length || 100 * trimmed > (uint64_t)MAX_TRIMMED_PERCENT * length) {
        return;
    }
    const uint32_t edge = (length + EDGE_PART - 1) / EDGE_PART;
    if ((uint64_t)MIN_BAR_PART * first >= length) {
        *start = first + count_dark(side, first, 1, edge < length - first ? edge : length - first);
    }
    if ((uint64_t)MIN_BAR_PART * (length - end) >= length) {
        *stop = end - count_dark(side, end - 1, -1, edge < end ? edge : end);
    }
}

void stillmine_find_bars(const uint8_t *brightest_of_rows, uint32_t height, const uint8_t *brightest_of_columns,
                         uint32_t width, uint32_t channels, struct stillmine_bounds *bounds) {
    const struct side across = {brightest_of_columns, width, channels};
    const struct side down = {brightest_of_rows, height, 1};
    find_visible(&across, &bounds->left, &bounds->right);
    find_visible(&down, &bounds->top, &bounds->bottom);
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
