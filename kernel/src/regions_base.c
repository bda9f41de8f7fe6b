/* SPDX-License-Identifier: Apache-2.0 */
/* The base of a picture: each of its pixels is the mean of the part of the picture that it covers, exact in integers.
 *
 * A row of the picture lies in one row of the base or across the edge between two. Along an axis of `length` pixels
 * and `places` base pixels, one pixel is worth `places` parts and one base pixel takes `length` of them. */
#include "pdq_rows.h"
#include "regions_parts.h"

#define BEGUN UINT32_C(0x42415345)
#define ALIGNMENT 16
#define MAX_ROWS 64 /* weighed at once */

struct stillmine_base_maker {
    uint32_t begun;
    uint32_t width;
    uint32_t height;
    uint32_t channels;
    uint32_t base_width;
    uint32_t base_height;
    uint32_t rows_taken;
    uint32_t base_rows;
    /* Then a plane of width * channels uint32_t, and for RGBA one row of bytes. */
};

static size_t round_up(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t plane_bytes(uint32_t width, uint32_t channels) {
    return round_up((size_t)width * channels * sizeof(uint32_t));
}

static uint32_t *plane_of(stillmine_base_maker *state) {
    return (uint32_t *)(void *)((uint8_t *)state + round_up(sizeof *state));
}

static size_t measure_levels(uint32_t width, uint32_t height) {
    size_t bytes = (size_t)width * height;
    while (width > 1 || height > 1) {
        width = (width + 1) / 2;
        height = (height + 1) / 2;
        bytes += (size_t)width * height;
    }
    return bytes;
}

int stillmine_measure_base(uint32_t width, uint32_t height, uint32_t pixel_format, uint32_t *base_width,
                           uint32_t *base_height, size_t *levels_bytes, size_t *state_bytes) {
    size_t pdq_bytes;
    const int status = stillmine_measure_pdq(width, height, pixel_format, 1, &pdq_bytes);
    if (status != STILLMINE_OK) {
        return status;
    }
    *base_width = width;
    *base_height = height;
    if ((uint64_t)width * height > STILLMINE_BASE_AREA) {
        *base_width = (uint32_t)stillmine_square_root((uint64_t)STILLMINE_BASE_AREA * width / height);
        *base_height = (uint32_t)stillmine_square_root((uint64_t)STILLMINE_BASE_AREA * height / width);
    }
    *levels_bytes = measure_levels(*base_width, *base_height);
    *state_bytes = round_up(sizeof(stillmine_base_maker)) + plane_bytes(width, pixel_format);
    if (pixel_format == STILLMINE_RGBA8) {
        *state_bytes += round_up((size_t)width * pixel_format);
    }
    return STILLMINE_OK;
}

int stillmine_begin_base(stillmine_base_maker *state, size_t state_bytes, uint32_t width, uint32_t height,
                         uint32_t pixel_format) {
    uint32_t base_width;
    uint32_t base_height;
    size_t levels_bytes;
    size_t needed_bytes;
    const int status =
        stillmine_measure_base(width, height, pixel_format, &base_width, &base_height, &levels_bytes, &needed_bytes);
    if (status != STILLMINE_OK) {
        return status;
    }
    if (state == NULL || state_bytes < needed_bytes || (uintptr_t)state % ALIGNMENT != 0) {
        return STILLMINE_MISSING_BUFFER;
    }
    *state = (stillmine_base_maker){BEGUN, width, height, pixel_format, base_width, base_height, 0, 0};
    uint32_t *plane = plane_of(state);
    for (size_t i = 0; i < (size_t)width * pixel_format; i++) {
        plane[i] = 0;
    }
    return STILLMINE_OK;
}

/* 1000 times the luma of a column of the plane. */
static uint64_t luma_of(const uint32_t *sums, uint32_t channels) {
    if (channels == STILLMINE_LUMA8) {
        return (uint64_t)1000 * sums[0];
    }
    return (uint64_t)299 * sums[0] + (uint64_t)587 * sums[1] + (uint64_t)114 * sums[2];
}

/* Writes a base row from the plane's sums, and clears them. */
static void finish_row(stillmine_base_maker *state, uint8_t *row) {
    uint32_t *plane = plane_of(state);
    const uint32_t places = state->base_width;
    const uint64_t whole = (uint64_t)1000 * state->width * state->height;
    uint32_t left = state->width; /* parts that the base pixel still takes */
    uint64_t sum = 0;
    for (uint32_t x = 0, place = 0; x < state->width; x++) {
        const uint64_t luma = luma_of(plane + (size_t)x * state->channels, state->channels);
        const uint32_t here = places < left ? places : left;
        sum += here * luma;
        left -= here;
        if (left == 0) {
            row[place++] = (uint8_t)((sum + whole / 2) / whole);
            sum = (places - here) * luma;
            left = state->width - (places - here);
        }
    }
    for (size_t i = 0; i < (size_t)state->width * state->channels; i++) {
        plane[i] = 0;
    }
}

/* Adds rows, finishing base rows on the way. Weighed in parts: a row is worth base_height, a base row takes height. */
static void take_rows(stillmine_base_maker *state, struct stillmine_rows rows, uint8_t *levels) {
    while (rows.count > 0) {
        const uint64_t start = (uint64_t)state->rows_taken * state->base_height;
        const uint64_t end = (uint64_t)(state->base_rows + 1) * state->height;
        uint32_t weights[MAX_ROWS];
        uint32_t count = 0;
        uint64_t reached = start;
        const uint64_t begin = (uint64_t)state->base_rows * state->height;
        while (count < MAX_ROWS && count < rows.count && reached < end) {
            const uint64_t from = reached > begin ? reached : begin;
            const uint64_t next = reached + state->base_height;
            weights[count++] = (uint32_t)((next < end ? next : end) - from);
            reached = next;
        }
        struct stillmine_rows some = rows;
        some.count = count;
        stillmine_add_weighted_rows(plane_of(state), some, weights);
        uint32_t whole_rows = count;
        if (reached >= end) {
            finish_row(state, levels + (size_t)state->base_rows * state->base_width);
            state->base_rows++;
            if (reached > end) {
                whole_rows--; /* the last row reaches into the next base row */
            }
        }
        rows.first += (size_t)whole_rows * rows.stride;
        rows.count -= whole_rows;
        state->rows_taken += whole_rows;
    }
}

static struct stillmine_rows skip_rows(struct stillmine_rows rows, uint32_t skipped, uint32_t count) {
    rows.first += (size_t)skipped * rows.stride;
    rows.count = count;
    return rows;
}

static void take_transparent_rows(stillmine_base_maker *state, struct stillmine_rows rows, uint8_t *levels) {
    uint8_t *flattened = (uint8_t *)plane_of(state) + plane_bytes(state->width, state->channels);
    for (uint32_t row = 0; row < rows.count;) {
        const struct stillmine_rows rest = skip_rows(rows, row, rows.count - row);
        const uint32_t opaque = stillmine_count_opaque_rows(rest);
        if (opaque > 0) {
            take_rows(state, skip_rows(rest, 0, opaque), levels);
            row += opaque;
        } else {
            stillmine_flatten_row(rest.first, flattened, state->width);
            take_rows(state, (struct stillmine_rows){flattened, rows.bytes, rows.bytes, 1}, levels);
            row++;
        }
    }
}

int stillmine_add_base_rows(stillmine_base_maker *state, const uint8_t *rows, size_t row_stride, uint32_t row_count,
                            uint8_t *levels) {
    if (state == NULL || rows == NULL || levels == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    if (state->begun != BEGUN) {
        return STILLMINE_WRONG_ORDER;
    }
    const uint32_t row_bytes = state->width * state->channels;
    if (row_stride < row_bytes) {
        return STILLMINE_BAD_STRIDE;
    }
    if (row_count > state->height - state->rows_taken) {
        return STILLMINE_TOO_MANY_ROWS;
    }
    const struct stillmine_rows all = {rows, row_stride, row_bytes, row_count};
    if (state->channels == STILLMINE_RGBA8) {
        take_transparent_rows(state, all, levels);
    } else {
        take_rows(state, all, levels);
    }
    return STILLMINE_OK;
}

static uint32_t clamp(int64_t place, uint32_t length) {
    return place < 0 ? 0 : place >= length ? length - 1 : (uint32_t)place;
}

/* One, three, three, one in eighths along both axes: the middle of four pixels is that of the new one. */
static void halve(const uint8_t *source, uint32_t width, uint32_t height, uint8_t *target) {
    const uint32_t new_width = (width + 1) / 2;
    const uint32_t new_height = (height + 1) / 2;
    for (uint32_t y = 0; y < new_height; y++) {
        const uint8_t *rows[4];
        for (int i = 0; i < 4; i++) {
            rows[i] = source + (size_t)clamp(2 * (int64_t)y + i - 1, height) * width;
        }
        for (uint32_t x = 0; x < new_width; x++) {
            uint32_t sum = 0;
            static const uint32_t weights[4] = {1, 3, 3, 1};
            for (int i = 0; i < 4; i++) {
                const uint32_t place = clamp(2 * (int64_t)x + i - 1, width);
                sum += weights[i] * (rows[0][place] + 3u * rows[1][place] + 3u * rows[2][place] + rows[3][place]);
            }
            target[(size_t)y * new_width + x] = (uint8_t)((sum + 32) / 64);
        }
    }
}

static void make_halvings(uint8_t *levels, uint32_t width, uint32_t height) {
    while (width > 1 || height > 1) {
        uint8_t *next = levels + (size_t)width * height;
        halve(levels, width, height, next);
        levels = next;
        width = (width + 1) / 2;
        height = (height + 1) / 2;
    }
}

int stillmine_finish_base(stillmine_base_maker *state, uint8_t *levels) {
    if (state == NULL || levels == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    if (state->begun != BEGUN) {
        return STILLMINE_WRONG_ORDER;
    }
    if (state->rows_taken != state->height) {
        return STILLMINE_TOO_FEW_ROWS;
    }
    make_halvings(levels, state->base_width, state->base_height);
    size_t bytes = round_up(sizeof *state) + plane_bytes(state->width, state->channels);
    if (state->channels == STILLMINE_RGBA8) {
        bytes += round_up((size_t)state->width * state->channels);
    }
    stillmine_wipe_bytes(state, bytes);
    return STILLMINE_OK;
}
