/* SPDX-License-Identifier: Apache-2.0 */
/* Extrema of differences of scales, over place and scale, and where exactly they are. */
#include "regions_parts.h"

#define LEVELS (STILLMINE_LAYERS + 2) /* differences of an octave */
#define BORDER 5
#define LEAST_CONTRAST 82 /* 0.01 of white in all layers of an octave: 0.01 * 255 * 128 / LAYERS */
#define EDGE 12            /* largest ratio of the two curvatures */
#define ROUNDS 5
#define FARTHEST 4 /* pixels, of a top from its point */
#define ONE 256 /* of a place */

struct point {
    int32_t column;
    int32_t row;
    int32_t scale;
};

/* What a parabola through the 27 values around a point says: how far off its top is, in 1/256, and how high. */
struct top {
    int64_t off[3]; /* column, row, scale */
    int64_t height;
    int is_edge;
};

/* Rows of one difference: three of each, taking turns. */
struct level_rows {
    int16_t *values[3];
    int16_t *largest[3]; /* of three neighbours in a row */
    int16_t *least[3];
    int16_t *top;    /* largest of nine */
    int16_t *bottom; /* least of nine */
};

size_t stillmine_measure_spare(uint32_t width) {
    return (size_t)width * (LEVELS * 11 + 1);
}

static int16_t larger(int16_t one, int16_t other) {
    return one > other ? one : other;
}

static int16_t smaller(int16_t one, int16_t other) {
    return one < other ? one : other;
}

static void take_row(struct level_rows *level, const struct stillmine_octave *octave, uint32_t number, uint32_t row) {
    const size_t plane = (size_t)octave->width * octave->height;
    const uint16_t *restrict fine = octave->scales + plane * number + (size_t)row * octave->width;
    const uint16_t *restrict coarse = fine + plane;
    int16_t *restrict values = level->values[row % 3];
    int16_t *restrict largest = level->largest[row % 3];
    int16_t *restrict least = level->least[row % 3];
    const uint32_t width = octave->width;
    for (uint32_t x = 0; x < width; x++) {
        values[x] = (int16_t)(coarse[x] - fine[x]);
    }
    for (uint32_t x = 1; x + 1 < width; x++) {
        largest[x] = larger(larger(values[x - 1], values[x]), values[x + 1]);
        least[x] = smaller(smaller(values[x - 1], values[x]), values[x + 1]);
    }
}

/* Functions of their own: inlined, the compiler could not see that the rows lie apart. */
static __attribute__((noinline)) void join_largest(const int16_t *restrict a, const int16_t *restrict b,
                                                   const int16_t *restrict c, int16_t *restrict top, uint32_t width) {
    for (uint32_t x = 1; x + 1 < width; x++) {
        top[x] = larger(larger(a[x], b[x]), c[x]);
    }
}

static __attribute__((noinline)) void join_least(const int16_t *restrict a, const int16_t *restrict b,
                                                 const int16_t *restrict c, int16_t *restrict bottom, uint32_t width) {
    for (uint32_t x = 1; x + 1 < width; x++) {
        bottom[x] = smaller(smaller(a[x], b[x]), c[x]);
    }
}

static void join_rows(struct level_rows *level, uint32_t width) {
    join_largest(level->largest[0], level->largest[1], level->largest[2], level->top, width);
    join_least(level->least[0], level->least[1], level->least[2], level->bottom, width);
}

/* Non-zero where a value is at least as large, or as small, as all of the 27. Returns whether there is any. */
static int16_t mark_row(const struct level_rows *levels, uint32_t row, uint32_t width, int16_t *restrict marks) {
    const int16_t *restrict values = levels[0].values[row % 3];
    const int16_t *restrict a = levels[-1].top;
    const int16_t *restrict b = levels[0].top;
    const int16_t *restrict c = levels[1].top;
    const int16_t *restrict d = levels[-1].bottom;
    const int16_t *restrict e = levels[0].bottom;
    const int16_t *restrict f = levels[1].bottom;
    int16_t any = 0;
    for (uint32_t x = BORDER; x + BORDER < width; x++) {
        const int16_t top = larger(larger(a[x], b[x]), larger(c[x], LEAST_CONTRAST / 2));
        const int16_t bottom = smaller(smaller(d[x], e[x]), smaller(f[x], -LEAST_CONTRAST / 2));
        marks[x] = (int16_t)((values[x] >= top) | (values[x] <= bottom));
        any = (int16_t)(any | marks[x]);
    }
    return any;
}

/* The first place from `x` on that is marked, `end` if none is: few are, so four are looked at in one. */
static uint32_t next_mark(const int16_t *marks, uint32_t x, uint32_t end) {
    for (uint64_t four = 0; x + 4 <= end; x += 4) {
        __builtin_memcpy(&four, marks + x, sizeof four);
        if (four != 0) {
            break;
        }
    }
    while (x < end && marks[x] == 0) {
        x++;
    }
    return x;
}

static int64_t value_at(const struct stillmine_octave *octave, const struct point *point, int32_t right, int32_t down,
                        int32_t up) {
    const size_t plane = (size_t)octave->width * octave->height;
    const size_t place = (size_t)(point->row + down) * octave->width + (size_t)(point->column + right);
    const uint16_t *fine = octave->scales + plane * (size_t)(point->scale + up) + place;
    return (int64_t)fine[plane] - fine[0];
}

/* a * d - b * c */
static int64_t cross(int64_t a, int64_t b, int64_t c, int64_t d) {
    return a * d - b * c;
}

/* Slopes and curvatures are four times what they are; differences stay below 2^13, so products of three below 2^54. */
static int find_top(const struct stillmine_octave *octave, const struct point *p, struct top *top) {
    const int64_t v = value_at(octave, p, 0, 0, 0);
    const int64_t left = value_at(octave, p, -1, 0, 0);
    const int64_t right = value_at(octave, p, 1, 0, 0);
    const int64_t above = value_at(octave, p, 0, -1, 0);
    const int64_t below = value_at(octave, p, 0, 1, 0);
    const int64_t finer = value_at(octave, p, 0, 0, -1);
    const int64_t coarser = value_at(octave, p, 0, 0, 1);
    const int64_t slope[3] = {2 * (right - left), 2 * (below - above), 2 * (coarser - finer)};
    const int64_t xx = 4 * (right + left - 2 * v);
    const int64_t yy = 4 * (below + above - 2 * v);
    const int64_t ss = 4 * (coarser + finer - 2 * v);
    const int64_t xy = value_at(octave, p, 1, 1, 0) - value_at(octave, p, -1, 1, 0) - value_at(octave, p, 1, -1, 0) +
                       value_at(octave, p, -1, -1, 0);
    const int64_t xs = value_at(octave, p, 1, 0, 1) - value_at(octave, p, -1, 0, 1) - value_at(octave, p, 1, 0, -1) +
                       value_at(octave, p, -1, 0, -1);
    const int64_t ys = value_at(octave, p, 0, 1, 1) - value_at(octave, p, 0, -1, 1) - value_at(octave, p, 0, 1, -1) +
                       value_at(octave, p, 0, -1, -1);
    const int64_t adjoint[3][3] = {
        {cross(yy, ys, ys, ss), cross(xs, xy, ss, ys), cross(xy, xs, yy, ys)},
        {cross(ys, xy, ss, xs), cross(xx, xs, xs, ss), cross(xs, xx, ys, xy)},
        {cross(xy, yy, xs, ys), cross(xy, xx, ys, xs), cross(xx, xy, xy, yy)},
    };
    const int64_t determinant = xx * adjoint[0][0] + xy * adjoint[1][0] + xs * adjoint[2][0];
    if (determinant == 0) {
        return 0;
    }
    int64_t gain = 0;
    for (int i = 0; i < 3; i++) {
        const int64_t sum = adjoint[i][0] * slope[0] + adjoint[i][1] * slope[1] + adjoint[i][2] * slope[2];
        const int64_t limit = FARTHEST * (determinant < 0 ? -determinant : determinant);
        if (sum > limit || -sum > limit) {
            return 0;
        }
        top->off[i] = -(sum * ONE) / determinant;
        gain += slope[i] * top->off[i];
    }
    const int64_t trace = xx + yy;
    const int64_t area = xx * yy - xy * xy;
    top->height = v + gain / (8 * ONE);
    top->is_edge = area <= 0 || trace * trace * EDGE >= (int64_t)(EDGE + 1) * (EDGE + 1) * area;
    return 1;
}

static int32_t step_of(int64_t off) {
    return off > ONE / 2 ? 1 : off < -ONE / 2 ? -1 : 0;
}

/* Moves to where the top is nearest; whether there is one that counts. */
static int settle(const struct stillmine_octave *octave, struct point *point, struct top *top) {
    for (int round = 0; round < ROUNDS; round++) {
        if (!find_top(octave, point, top)) {
            return 0;
        }
        const int32_t right = step_of(top->off[0]);
        const int32_t down = step_of(top->off[1]);
        const int32_t up = step_of(top->off[2]);
        if (right == 0 && down == 0 && up == 0) {
            const int64_t height = top->height < 0 ? -top->height : top->height;
            return !top->is_edge && height >= LEAST_CONTRAST;
        }
        point->column += right;
        point->row += down;
        point->scale += up;
        if (point->scale < 1 || point->scale > STILLMINE_LAYERS || point->column < BORDER || point->row < BORDER ||
            point->column >= (int32_t)octave->width - BORDER || point->row >= (int32_t)octave->height - BORDER) {
            return 0;
        }
    }
    return 0;
}

static int is_worse(const struct stillmine_extremum *one, const struct stillmine_extremum *other) {
    return one->rank != other->rank ? one->rank < other->rank : one->number > other->number;
}

static void swap(struct stillmine_extremum *one, struct stillmine_extremum *other) {
    const struct stillmine_extremum kept = *one;
    *one = *other;
    *other = kept;
}

/* Lets the item at this place down to where both below it are better. */
static void sink(struct stillmine_extrema *extrema, uint32_t place, uint32_t count) {
    for (;;) {
        uint32_t worst = place;
        for (uint32_t below = 2 * place + 1; below <= 2 * place + 2 && below < count; below++) {
            if (is_worse(extrema->items + below, extrema->items + worst)) {
                worst = below;
            }
        }
        if (worst == place) {
            return;
        }
        swap(extrema->items + place, extrema->items + worst);
        place = worst;
    }
}

static void keep(struct stillmine_extrema *extrema, const struct stillmine_extremum *extremum) {
    if (extrema->count < STILLMINE_MAX_EXTREMA) {
        uint32_t place = extrema->count++;
        extrema->items[place] = *extremum;
        while (place > 0 && is_worse(extrema->items + place, extrema->items + (place - 1) / 2)) {
            swap(extrema->items + place, extrema->items + (place - 1) / 2);
            place = (place - 1) / 2;
        }
    } else if (is_worse(extrema->items, extremum)) {
        extrema->items[0] = *extremum;
        sink(extrema, 0, extrema->count);
    }
}

void stillmine_sort_extrema(struct stillmine_extrema *extrema) {
    for (uint32_t left = extrema->count; left > 1; left--) {
        swap(extrema->items, extrema->items + left - 1);
        sink(extrema, 0, left - 1);
    }
}

/* The region may reach over the edges by 15 per cent of its radius. */
static int is_inside(int64_t place, int64_t radius, uint32_t length) {
    const int64_t reach = radius - 15 * radius / 100;
    return place - reach > 0 && place + reach < (int64_t)length * ONE;
}

static void consider(const struct stillmine_octave *octave, uint32_t number, struct point point, uint32_t view_width,
                     uint32_t view_height, struct stillmine_extrema *extrema) {
    struct top top;
    if (!settle(octave, &point, &top)) {
        return;
    }
    const int64_t per_layer = 48 / STILLMINE_LAYERS;
    const int64_t byte =
        STILLMINE_FIRST_RADIUS + ONE * (48 * (int64_t)number + per_layer * point.scale) + per_layer * top.off[2];
    const int64_t radius_byte = (byte + ONE / 2) / ONE;
    if (radius_byte < extrema->smallest_radius_byte || radius_byte > 255) {
        return;
    }
    const uint32_t radius = stillmine_radius_of((uint32_t)radius_byte) / (65536 / ONE);
    const int64_t x = ((point.column * ONE + top.off[0]) * ((int64_t)1 << number)) + ONE / 2;
    const int64_t y = ((point.row * ONE + top.off[1]) * ((int64_t)1 << number)) + ONE / 2;
    if (!is_inside(x, radius, view_width) || !is_inside(y, radius, view_height)) {
        return;
    }
    const uint64_t contrast = (uint64_t)(top.height < 0 ? -top.height : top.height);
    const struct stillmine_extremum extremum = {
        .rank = contrast * contrast * radius * radius,
        .x = (int32_t)x,
        .y = (int32_t)y,
        .radius = radius,
        .number = extrema->seen++,
        .contrast = (uint32_t)contrast,
        .column = (uint16_t)point.column,
        .row = (uint16_t)point.row,
        .octave = (uint8_t)number,
        .scale = (uint8_t)point.scale,
        .radius_byte = (uint8_t)radius_byte,
    };
    keep(extrema, &extremum);
}

static void lay_out(struct level_rows levels[LEVELS], int16_t *spare, uint32_t width) {
    for (int level = 0; level < LEVELS; level++) {
        for (int row = 0; row < 3; row++, spare += 3 * (size_t)width) {
            levels[level].values[row] = spare;
            levels[level].largest[row] = spare + width;
            levels[level].least[row] = spare + 2 * (size_t)width;
        }
        levels[level].top = spare;
        levels[level].bottom = spare + width;
        spare += 2 * (size_t)width;
    }
}

void stillmine_find_extrema(const struct stillmine_octave *octave, uint32_t number, uint32_t view_width,
                            uint32_t view_height, int16_t *spare, struct stillmine_extrema *extrema) {
    struct level_rows levels[LEVELS];
    lay_out(levels, spare, octave->width);
    int16_t *marks = spare + (size_t)octave->width * LEVELS * 11;
    const uint32_t end = octave->width - BORDER;
    for (uint32_t row = BORDER - 1; row + BORDER <= octave->height; row++) {
        for (uint32_t level = 0; level < LEVELS; level++) {
            take_row(levels + level, octave, level, row);
            if (row > BORDER) {
                join_rows(levels + level, octave->width);
            }
        }
        for (int32_t scale = 1; row > BORDER && scale <= STILLMINE_LAYERS; scale++) {
            if (!mark_row(levels + scale, row - 1, octave->width, marks)) {
                continue;
            }
            for (uint32_t x = next_mark(marks, BORDER, end); x < end; x = next_mark(marks, x + 1, end)) {
                const struct point point = {(int32_t)x, (int32_t)(row - 1), scale};
                consider(octave, number, point, view_width, view_height, extrema);
            }
        }
    }
}
