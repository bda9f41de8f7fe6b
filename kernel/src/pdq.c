/* SPDX-License-Identifier: Apache-2.0 */
/* The first half of PDQ: pixel rows in, 64x64 blocks out.
 *
 * Vertical sums are taken over the raw bytes of a row, colours interleaved as they come, because luma and both
 * directions are linear: only the 64 finished sums per column are turned into luma. All sums are exact integers, so
 * neither the compiler nor the vector width can change a bit of the answer.
 *
 * PDQ's even windows lean to one side, so a picture that is turned over is not sampled at the same places: its hash is
 * up to some 40 bits from what negating coefficients gives. So every block that a variant needs is really sampled:
 * along each axis straight and mirrored, at most four blocks. */
#include "stillmine/pdq.h"

#include "pdq_axis.h"
#include "pdq_block.h"
#include "pdq_rows.h"

#define BEGUN UINT32_C(0x50445121)
#define ALIGNMENT 16
#define PLANES 2          /* a pixel row reaches at most two unfinished samples of a pass: they take turns */
#define PORTION_BYTES 131072 /* rows that both passes take while they are in the processor's cache */

/* One way of sampling along the rows' direction of travel: straight, or mirrored. */
struct pass {
    struct stillmine_axis down;
    uint32_t oldest_sample; /* the first that is not finished */
};

struct stillmine_pdq {
    uint32_t begun;
    uint32_t width; /* of the original */
    uint32_t height;
    uint32_t shrink;
    uint32_t columns; /* as they come */
    uint32_t rows;
    uint32_t channels;
    uint32_t variants;
    uint32_t rows_taken;
    uint32_t passes_down;   /* 2 if a mirrored pass is needed and differs */
    uint32_t passes_across;
    struct pass down[2];
    struct stillmine_axis across[2];
    uint32_t weights[STILLMINE_MAX_WEIGHTS]; /* by phase, of every block column but the cut one */
    uint32_t cut_weights[2][STILLMINE_MAX_TAPS];
    stillmine_block blocks[2][2]; /* by pass down, pass across */
    stillmine_coefficients coefficients[2][2];
    /* Then: PLANES planes of columns * channels uint32_t for each pass down, then for RGBA one row of bytes. */
};

static size_t round_up(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static uint32_t shrunk(uint32_t length, uint32_t shrink) {
    return (length + shrink - 1) / shrink;
}

static size_t plane_bytes(uint32_t columns, uint32_t channels) {
    return round_up((size_t)columns * channels * sizeof(uint32_t));
}

static uint32_t *plane_of(stillmine_pdq *state, uint32_t pass, uint32_t sample) {
    uint8_t *planes = (uint8_t *)state + round_up(sizeof(stillmine_pdq));
    const size_t number = pass * PLANES + sample % PLANES;
    return (uint32_t *)(void *)(planes + number * plane_bytes(state->columns, state->channels));
}

static uint8_t *flattened_row_of(stillmine_pdq *state) {
    return (uint8_t *)plane_of(state, state->passes_down, 0);
}

static void clear_plane(stillmine_pdq *state, uint32_t pass, uint32_t sample) {
    uint32_t *plane = plane_of(state, pass, sample);
    const size_t sums = (size_t)state->columns * state->channels;
    for (size_t i = 0; i < sums; i++) {
        plane[i] = 0;
    }
}

static uint32_t count_passes(uint32_t length, uint32_t variants) {
    return variants == 1 || stillmine_is_symmetric(length) ? 1 : 2;
}

int stillmine_measure_pdq(uint32_t width, uint32_t height, uint32_t pixel_format, uint32_t variants,
                          size_t *state_bytes) {
    return stillmine_measure_shrunk_pdq(width, height, pixel_format, variants, 1, state_bytes);
}

int stillmine_measure_shrunk_pdq(uint32_t width, uint32_t height, uint32_t pixel_format, uint32_t variants,
                                 uint32_t shrink, size_t *state_bytes) {
    if (state_bytes == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    *state_bytes = 0;
    if (pixel_format != STILLMINE_LUMA8 && pixel_format != STILLMINE_RGB8 && pixel_format != STILLMINE_RGBA8) {
        return STILLMINE_BAD_FORMAT;
    }
    if (variants != 1 && variants != STILLMINE_VARIANTS) {
        return STILLMINE_BAD_FORMAT;
    }
    if (shrink != 1 && shrink != 2 && shrink != 4 && shrink != STILLMINE_MAX_SHRINK) {
        return STILLMINE_BAD_FORMAT;
    }
    if (width < STILLMINE_MIN_DIMENSION || height < STILLMINE_MIN_DIMENSION) {
        return STILLMINE_TOO_SMALL;
    }
    if (width > STILLMINE_MAX_DIMENSION || height > STILLMINE_MAX_DIMENSION ||
        (uint64_t)width * height > STILLMINE_MAX_PIXELS) {
        return STILLMINE_TOO_LARGE;
    }
    *state_bytes = round_up(sizeof(stillmine_pdq)) +
                   count_passes(height, variants) * PLANES * plane_bytes(shrunk(width, shrink), pixel_format);
    if (pixel_format == STILLMINE_RGBA8) {
        *state_bytes += round_up((size_t)shrunk(width, shrink) * pixel_format);
    }
    return STILLMINE_OK;
}

static uint32_t *weights_of(stillmine_pdq *state, uint32_t pass_across, uint32_t sample) {
    const struct stillmine_axis *across = &state->across[pass_across];
    if (stillmine_is_cut(across, sample)) {
        return state->cut_weights[pass_across];
    }
    return state->weights + stillmine_phase_of(across, sample) * (shrunk(STILLMINE_MAX_TAPS, state->shrink) + 1);
}

static void weigh_columns(stillmine_pdq *state, uint32_t pass_across) {
    const struct stillmine_axis *across = &state->across[pass_across];
    uint32_t weighed_phases = 0;
    for (uint32_t sample = 0; sample < STILLMINE_SAMPLES; sample++) {
        const uint32_t phase = UINT32_C(1) << stillmine_phase_of(across, sample);
        if (!stillmine_is_cut(across, sample)) {
            if ((weighed_phases & phase) != 0) {
                continue;
            }
            weighed_phases |= phase;
        }
        uint32_t *weights = weights_of(state, pass_across, sample);
        for (uint32_t tap = 0; tap < stillmine_count_taps(across, sample); tap++) {
            weights[tap] = stillmine_weigh_tap(across, sample, tap);
        }
    }
}

static void begin_axes(stillmine_pdq *state) {
    for (uint32_t pass = 0; pass < 2; pass++) {
        state->down[pass] = (struct pass){stillmine_make_axis(state->height, pass, state->shrink), 0};
        state->across[pass] = stillmine_make_axis(state->width, pass, state->shrink);
        weigh_columns(state, pass);
    }
}

int stillmine_begin_pdq(stillmine_pdq *state, size_t state_bytes, uint32_t width, uint32_t height,
                        uint32_t pixel_format, uint32_t variants) {
    return stillmine_begin_shrunk_pdq(state, state_bytes, width, height, pixel_format, variants, 1);
}

int stillmine_begin_shrunk_pdq(stillmine_pdq *state, size_t state_bytes, uint32_t width, uint32_t height,
                               uint32_t pixel_format, uint32_t variants, uint32_t shrink) {
    size_t needed_bytes;
    const int status = stillmine_measure_shrunk_pdq(width, height, pixel_format, variants, shrink, &needed_bytes);
    if (status != STILLMINE_OK) {
        return status;
    }
    if (state == NULL || state_bytes < needed_bytes || (uintptr_t)state % ALIGNMENT != 0) {
        return STILLMINE_MISSING_BUFFER;
    }
    state->begun = BEGUN;
    state->width = width;
    state->height = height;
    state->shrink = shrink;
    state->columns = shrunk(width, shrink);
    state->rows = shrunk(height, shrink);
    state->channels = pixel_format;
    state->variants = variants;
    state->rows_taken = 0;
    state->passes_down = count_passes(height, variants);
    state->passes_across = count_passes(width, variants);
    begin_axes(state);
    for (uint32_t pass = 0; pass < state->passes_down; pass++) {
        clear_plane(state, pass, 0);
        clear_plane(state, pass, 1);
    }
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

static void finish_sample(stillmine_pdq *state, uint32_t pass, uint32_t sample) {
    const uint32_t *plane = plane_of(state, pass, sample);
    const uint32_t weight_down = stillmine_sum_weights(&state->down[pass].down, sample);
    for (uint32_t pass_across = 0; pass_across < state->passes_across; pass_across++) {
        const struct stillmine_axis *across = &state->across[pass_across];
        int32_t *row = state->blocks[pass][pass_across][sample];
        for (uint32_t column = 0; column < STILLMINE_SAMPLES; column++) {
            const uint32_t *weights = weights_of(state, pass_across, column);
            const uint32_t *first = plane + (size_t)stillmine_first_tap(across, column) * state->channels;
            const uint64_t sum = sum_luma(first, weights, stillmine_count_taps(across, column), state->channels);
            row[column] = scale_sum(sum, (uint64_t)weight_down * stillmine_sum_weights(across, column) * 1000);
        }
    }
    clear_plane(state, pass, sample);
}

static struct stillmine_rows skip_rows(struct stillmine_rows rows, uint32_t skipped, uint32_t count) {
    rows.first += (size_t)skipped * rows.stride;
    rows.count = count;
    return rows;
}

/* Adds rows from `first` of the picture on, all of them taps of this sample, to its plane. */
static void add_taps(stillmine_pdq *state, uint32_t pass, uint32_t sample, uint32_t first, struct stillmine_rows rows) {
    const struct stillmine_axis *down = &state->down[pass].down;
    const uint32_t tap = first - stillmine_first_tap(down, sample);
    uint32_t weights[STILLMINE_MAX_TAPS];
    for (uint32_t row = 0; row < rows.count; row++) {
        weights[row] = stillmine_weigh_tap(down, sample, tap + row);
    }
    stillmine_add_weighted_rows(plane_of(state, pass, sample), rows, weights);
}

/* Gives the rows to every sample of a pass that they reach, oldest first, and finishes those that are complete. */
static void pass_rows(stillmine_pdq *state, uint32_t number, struct stillmine_rows rows) {
    struct pass *pass = &state->down[number];
    const uint32_t start = state->rows_taken;
    const uint32_t end = start + rows.count;
    for (uint32_t sample = pass->oldest_sample; sample < STILLMINE_SAMPLES; sample++) {
        const uint32_t first_tap = stillmine_first_tap(&pass->down, sample);
        const uint32_t end_tap = first_tap + stillmine_count_taps(&pass->down, sample);
        const uint32_t from = first_tap > start ? first_tap : start;
        const uint32_t to = end_tap < end ? end_tap : end;
        if (first_tap >= end) {
            break;
        }
        if (from < to) {
            add_taps(state, number, sample, from, skip_rows(rows, from - start, to - from));
        }
        if (end_tap <= end) {
            finish_sample(state, number, sample);
            pass->oldest_sample = sample + 1;
        }
    }
}

static void take_rows(stillmine_pdq *state, struct stillmine_rows rows) {
    uint32_t portion = state->passes_down == 1 ? rows.count : PORTION_BYTES / rows.bytes;
    portion = portion < 8 ? 8 : portion;
    for (uint32_t taken = 0; taken < rows.count; taken += portion) {
        const uint32_t count = rows.count - taken < portion ? rows.count - taken : portion;
        for (uint32_t pass = 0; pass < state->passes_down; pass++) {
            pass_rows(state, pass, skip_rows(rows, taken, count));
        }
        state->rows_taken += count;
    }
}

/* Opaque rows are taken as they are, in one go; a row with any transparency is laid on white first. */
static void take_transparent_rows(stillmine_pdq *state, struct stillmine_rows rows) {
    for (uint32_t row = 0; row < rows.count;) {
        const struct stillmine_rows rest = skip_rows(rows, row, rows.count - row);
        const uint32_t opaque = stillmine_count_opaque_rows(rest);
        if (opaque > 0) {
            take_rows(state, skip_rows(rest, 0, opaque));
            row += opaque;
        } else {
            uint8_t *flattened = flattened_row_of(state);
            stillmine_flatten_row(rest.first, flattened, state->columns);
            take_rows(state, (struct stillmine_rows){flattened, rows.bytes, rows.bytes, 1});
            row++;
        }
    }
}

int stillmine_add_pdq_rows(stillmine_pdq *state, const uint8_t *rows, size_t row_stride, uint32_t row_count) {
    if (state == NULL || rows == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    if (state->begun != BEGUN) {
        return STILLMINE_WRONG_ORDER;
    }
    const uint32_t row_bytes = state->columns * state->channels;
    if (row_stride < row_bytes) {
        return STILLMINE_BAD_STRIDE;
    }
    if (row_count > state->rows - state->rows_taken) {
        return STILLMINE_TOO_MANY_ROWS;
    }
    const struct stillmine_rows all = {rows, row_stride, row_bytes, row_count};
    if (state->channels == STILLMINE_RGBA8) {
        take_transparent_rows(state, all);
    } else {
        take_rows(state, all);
    }
    return STILLMINE_OK;
}

/* Volatile: what is left of a private picture must not stay behind because a compiler thinks nobody reads it. */
static void wipe(stillmine_pdq *state) {
    size_t state_bytes = 0;
    volatile uint64_t *words = (volatile uint64_t *)(void *)state;
    stillmine_measure_shrunk_pdq(state->width, state->height, state->channels, state->variants, state->shrink,
                                 &state_bytes);
    for (size_t i = 0; i < state_bytes / sizeof(uint64_t); i++) {
        words[i] = 0;
    }
}

static void hash_variants(stillmine_pdq *state, uint8_t hashes[][STILLMINE_HASH_BYTES]) {
    static const uint8_t straight[2][2] = {{STILLMINE_ORIGINAL, STILLMINE_FLIP_HORIZONTAL},
                                           {STILLMINE_FLIP_VERTICAL, STILLMINE_ROTATE180}};
    static const uint8_t swapped[2][2] = {{STILLMINE_TRANSPOSE, STILLMINE_ROTATE90},
                                          {STILLMINE_ROTATE270, STILLMINE_TRANSVERSE}};
    for (uint32_t down = 0; down < 2; down++) {
        for (uint32_t across = 0; across < 2; across++) {
            stillmine_hash_coefficients(state->coefficients[down % state->passes_down][across % state->passes_across],
                                        down == 1, across == 1, hashes[straight[down][across]],
                                        hashes[swapped[down][across]]);
        }
    }
}

int stillmine_finish_pdq(stillmine_pdq *state, uint8_t hashes[][STILLMINE_HASH_BYTES], uint32_t *quality) {
    if (state == NULL || hashes == NULL || quality == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    if (state->begun != BEGUN) {
        return STILLMINE_WRONG_ORDER;
    }
    if (state->rows_taken < state->rows) {
        return STILLMINE_TOO_FEW_ROWS;
    }
    const uint32_t detail = stillmine_rate_block(state->blocks[0][0]);
    for (uint32_t down = 0; down < state->passes_down; down++) {
        for (uint32_t across = 0; across < state->passes_across; across++) {
            stillmine_transform_block(state->blocks[down][across], state->coefficients[down][across]);
        }
    }
    if (state->variants == 1) {
        uint8_t unused[STILLMINE_HASH_BYTES];
        stillmine_hash_coefficients(state->coefficients[0][0], 0, 0, hashes[0], unused);
    } else {
        hash_variants(state, hashes);
    }
    *quality = stillmine_count_bits(hashes[STILLMINE_ORIGINAL]) < STILLMINE_MIN_SET_BITS ? 0 : detail;
    wipe(state);
    return STILLMINE_OK;
}
