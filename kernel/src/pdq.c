/* SPDX-License-Identifier: Apache-2.0 */
/* The first half of PDQ: pixel rows in, a 64x64 block out.
 *
 * Vertical sums are taken over the raw bytes of a row, colours interleaved as they come, because luma and both
 * directions are linear: only the 64 finished sums per column are turned into luma. All sums are exact integers, so
 * neither the compiler nor the vector width can change a bit of the answer. */
#include "stillmine/pdq.h"

#include "pdq_axis.h"
#include "pdq_block.h"
#include "pdq_rows.h"

#define BEGUN UINT32_C(0x50445121)
#define ALIGNMENT 16

struct stillmine_pdq {
    uint32_t begun;
    uint32_t width;
    uint32_t channels;
    uint32_t rows_taken;
    uint32_t oldest_sample; /* the first of the 64 block rows that is not finished */
    struct stillmine_axis across;
    struct stillmine_axis down;
    uint32_t inner_weights[STILLMINE_MAX_TAPS]; /* of every block column but the last */
    uint32_t last_weights[STILLMINE_MAX_TAPS];
    stillmine_block block;
    /* Then: two planes of width * channels uint32_t (a pixel row reaches at most two unfinished block rows, they
     * take turns), then for RGBA one row of bytes. */
};

static size_t round_up(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t plane_bytes(uint32_t width, uint32_t channels) {
    return round_up((size_t)width * channels * sizeof(uint32_t));
}

static uint32_t *plane_of(stillmine_pdq *state, uint32_t sample) {
    uint8_t *planes = (uint8_t *)state + round_up(sizeof(stillmine_pdq));
    return (uint32_t *)(void *)(planes + (sample % 2) * plane_bytes(state->width, state->channels));
}

static uint8_t *flattened_row_of(stillmine_pdq *state) {
    return (uint8_t *)plane_of(state, 0) + 2 * plane_bytes(state->width, state->channels);
}

static void clear_plane(stillmine_pdq *state, uint32_t sample) {
    uint32_t *plane = plane_of(state, sample);
    const size_t sums = (size_t)state->width * state->channels;
    for (size_t i = 0; i < sums; i++) {
        plane[i] = 0;
    }
}

/* Volatile: what is left of a private picture must not stay behind because a compiler thinks nobody reads it. */
static void wipe(stillmine_pdq *state) {
    size_t state_bytes;
    volatile uint8_t *bytes = (volatile uint8_t *)state;
    if (stillmine_measure_pdq(state->width, state->down.length, state->channels, &state_bytes) == STILLMINE_OK) {
        for (size_t i = 0; i < state_bytes; i++) {
            bytes[i] = 0;
        }
    }
}

int stillmine_measure_pdq(uint32_t width, uint32_t height, uint32_t pixel_format, size_t *state_bytes) {
    if (state_bytes == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    *state_bytes = 0;
    if (pixel_format != STILLMINE_LUMA8 && pixel_format != STILLMINE_RGB8 && pixel_format != STILLMINE_RGBA8) {
        return STILLMINE_BAD_FORMAT;
    }
    if (width < STILLMINE_MIN_DIMENSION || height < STILLMINE_MIN_DIMENSION) {
        return STILLMINE_TOO_SMALL;
    }
    if (width > STILLMINE_MAX_DIMENSION || height > STILLMINE_MAX_DIMENSION ||
        (uint64_t)width * height > STILLMINE_MAX_PIXELS) {
        return STILLMINE_TOO_LARGE;
    }
    *state_bytes = round_up(sizeof(stillmine_pdq)) + 2 * plane_bytes(width, pixel_format);
    if (pixel_format == STILLMINE_RGBA8) {
        *state_bytes += round_up((size_t)width * pixel_format);
    }
    return STILLMINE_OK;
}

int stillmine_begin_pdq(stillmine_pdq *state, size_t state_bytes, uint32_t width, uint32_t height,
                        uint32_t pixel_format) {
    size_t needed_bytes;
    const int status = stillmine_measure_pdq(width, height, pixel_format, &needed_bytes);
    if (status != STILLMINE_OK) {
        return status;
    }
    if (state == NULL || state_bytes < needed_bytes || (uintptr_t)state % ALIGNMENT != 0) {
        return STILLMINE_MISSING_BUFFER;
    }
    state->begun = BEGUN;
    state->width = width;
    state->channels = pixel_format;
    state->rows_taken = 0;
    state->oldest_sample = 0;
    state->across = stillmine_make_axis(width);
    state->down = stillmine_make_axis(height);
    for (uint32_t tap = 0; tap < 2 * state->across.window - 1; tap++) {
        state->inner_weights[tap] = stillmine_weigh_tap(&state->across, 0, tap);
        state->last_weights[tap] = stillmine_weigh_tap(&state->across, STILLMINE_SAMPLES - 1, tap);
    }
    clear_plane(state, 0);
    clear_plane(state, 1);
    return STILLMINE_OK;
}

/* floor(sum * 2^21 / divisor) for sum <= 255 * divisor; divisor < 2^53 for every picture that begin accepts:
 * 1000 * (window_down * window_across)^2 * (window_down - 1) * (window_across - 1), the product of the windows being
 * below 2^14 + 2^9 + 1. */
static int32_t scale_sum(uint64_t sum, uint64_t divisor) {
    if (sum >> (64 - STILLMINE_BLOCK_BITS) == 0) {
        return (int32_t)((sum << STILLMINE_BLOCK_BITS) / divisor);
    }
    uint64_t quotient = sum / divisor;
    uint64_t rest = sum % divisor;
    for (int bits = 0; bits < STILLMINE_BLOCK_BITS; bits += 7) {
        quotient = (quotient << 7) + (rest << 7) / divisor;
        rest = (rest << 7) % divisor;
    }
    return (int32_t)quotient;
}

static uint64_t sum_luma(const uint32_t *plane, const uint32_t *weights, uint32_t taps, uint32_t channels) {
    uint64_t red = 0;
    uint64_t green = 0;
    uint64_t blue = 0;
    if (channels == 1) {
        for (uint32_t tap = 0; tap < taps; tap++) {
            red += (uint64_t)weights[tap] * plane[tap];
        }
        return 1000 * red;
    }
    for (uint32_t tap = 0; tap < taps; tap++) {
        red += (uint64_t)weights[tap] * plane[tap * channels];
        green += (uint64_t)weights[tap] * plane[tap * channels + 1];
        blue += (uint64_t)weights[tap] * plane[tap * channels + 2];
    }
    return 299 * red + 587 * green + 114 * blue;
}

static void finish_sample(stillmine_pdq *state, uint32_t sample) {
    const uint32_t *plane = plane_of(state, sample);
    const uint32_t weight_down = stillmine_sum_weights(&state->down, sample);
    for (uint32_t column = 0; column < STILLMINE_SAMPLES; column++) {
        const uint32_t *weights = column + 1 < STILLMINE_SAMPLES ? state->inner_weights : state->last_weights;
        const uint32_t *first = plane + (size_t)stillmine_first_tap(&state->across, column) * state->channels;
        const uint32_t taps = stillmine_count_taps(&state->across, column);
        const uint64_t divisor = (uint64_t)weight_down * stillmine_sum_weights(&state->across, column) * 1000;
        state->block[sample][column] = scale_sum(sum_luma(first, weights, taps, state->channels), divisor);
    }
    clear_plane(state, sample);
}

/* Adds rows [first, first + count) of the picture, all of them taps of this sample, to its plane. */
static void add_taps(stillmine_pdq *state, uint32_t sample, uint32_t first, struct stillmine_rows rows) {
    const uint32_t tap = first - stillmine_first_tap(&state->down, sample);
    uint32_t weights[STILLMINE_MAX_TAPS];
    for (uint32_t row = 0; row < rows.count; row++) {
        weights[row] = stillmine_weigh_tap(&state->down, sample, tap + row);
    }
    stillmine_add_weighted_rows(plane_of(state, sample), rows, weights);
}

static struct stillmine_rows skip_rows(struct stillmine_rows rows, uint32_t skipped, uint32_t count) {
    rows.first += (size_t)skipped * rows.stride;
    rows.count = count;
    return rows;
}

/* Gives the rows to every block row that they reach, oldest first, and finishes those that are complete. */
static void take_rows(stillmine_pdq *state, struct stillmine_rows rows) {
    const uint32_t start = state->rows_taken;
    const uint32_t end = start + rows.count;
    for (uint32_t sample = state->oldest_sample; sample < STILLMINE_SAMPLES; sample++) {
        const uint32_t first_tap = stillmine_first_tap(&state->down, sample);
        const uint32_t end_tap = first_tap + stillmine_count_taps(&state->down, sample);
        const uint32_t from = first_tap > start ? first_tap : start;
        const uint32_t to = end_tap < end ? end_tap : end;
        if (first_tap >= end) {
            break;
        }
        if (from < to) {
            add_taps(state, sample, from, skip_rows(rows, from - start, to - from));
        }
        if (end_tap <= end) {
            finish_sample(state, sample);
            state->oldest_sample = sample + 1;
        }
    }
    state->rows_taken = end;
}

int stillmine_add_pdq_rows(stillmine_pdq *state, const uint8_t *rows, size_t row_stride, uint32_t row_count) {
    if (state == NULL || rows == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    if (state->begun != BEGUN) {
        return STILLMINE_WRONG_ORDER;
    }
    const uint32_t row_bytes = state->width * state->channels;
    if (row_stride < row_bytes) {
        return STILLMINE_BAD_STRIDE;
    }
    if (row_count > state->down.length - state->rows_taken) {
        return STILLMINE_TOO_MANY_ROWS;
    }
    struct stillmine_rows all = {rows, row_stride, row_bytes, row_count};
    if (state->channels != STILLMINE_RGBA8) {
        take_rows(state, all);
        return STILLMINE_OK;
    }
    /* Opaque rows are taken as they are, in one go; a row with any transparency is laid on white first. */
    for (uint32_t row = 0; row < row_count;) {
        const uint32_t opaque = stillmine_count_opaque_rows(skip_rows(all, row, row_count - row));
        if (opaque > 0) {
            take_rows(state, skip_rows(all, row, opaque));
            row += opaque;
        } else {
            uint8_t *flattened = flattened_row_of(state);
            stillmine_flatten_row(rows + (size_t)row * row_stride, flattened, state->width);
            take_rows(state, (struct stillmine_rows){flattened, row_bytes, row_bytes, 1});
            row++;
        }
    }
    return STILLMINE_OK;
}

int stillmine_finish_pdq(stillmine_pdq *state, uint8_t hashes[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES],
                         uint32_t *quality) {
    if (state == NULL || hashes == NULL || quality == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    if (state->begun != BEGUN) {
        return STILLMINE_WRONG_ORDER;
    }
    if (state->rows_taken < state->down.length) {
        return STILLMINE_TOO_FEW_ROWS;
    }
    const uint32_t detail = stillmine_rate_block(state->block);
    stillmine_hash_block(state->block, hashes);
    *quality = stillmine_count_bits(hashes[STILLMINE_ORIGINAL]) < STILLMINE_MIN_SET_BITS ? 0 : detail;
    wipe(state);
    return STILLMINE_OK;
}
