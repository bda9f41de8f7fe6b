/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any call of the PDQ kernel with any size, format, batch and gap, in any order of calls that a broken host
 * could make. Built with the address and undefined-behaviour sanitizers; every buffer is exactly as large as promised.
 *
 * Aborts where the kernel breaks its own promises: an answer that depends on how the rows came, a state not wiped. */
#include <stdlib.h>
#include <string.h>

#include "stillmine/pdq.h"

#define HEADER_BYTES 12
#define MAX_PIXELS (1u << 14)
/* Sides that reach every window width, while the picture stays small. */
#define MAX_SIDE 4096

struct plan {
    uint32_t width, height, format, variants, shrink, batch, gap;
    int is_rude; /* calls in an order that the header forbids */
};

static uint32_t two_bytes(const uint8_t *data) {
    return data[0] | (uint32_t)data[1] << 8;
}

static struct plan read_plan(const uint8_t *data) {
    static const uint32_t formats[] = {1, 3, 4, 3, 1, 4, 0, 2};
    static const uint32_t shrinks[] = {1, 2, 4, 8, 1, 1, 3, 0};
    struct plan plan = {0};
    plan.width = two_bytes(data) % MAX_SIDE;
    plan.height = two_bytes(data + 2) % MAX_SIDE;
    plan.format = formats[data[4] % 8];
    plan.variants = data[5] % 8 == 0 ? data[6] : data[5] % 2 ? 8 : 1;
    plan.shrink = shrinks[data[7] % 8];
    plan.batch = data[8] % 40 + 1;
    plan.gap = data[9] % 20;
    plan.is_rude = data[10] % 8 == 0;
    return plan;
}

static uint32_t shrunk(uint32_t length, uint32_t shrink) {
    return shrink == 0 ? length : (length + shrink - 1) / shrink;
}

/* One batch of rows in a block of its own: the last row ends with the block. */
static int add_batch(stillmine_pdq *state, const struct plan *plan, uint32_t row, uint32_t count, const uint8_t *data,
                     size_t size) {
    const size_t row_bytes = (size_t)shrunk(plan->width, plan->shrink) * plan->format;
    const size_t stride = row_bytes + plan->gap;
    const size_t bytes = stride * (count - 1) + row_bytes;
    uint8_t *rows = malloc(bytes == 0 ? 1 : bytes);
    /* The gaps are noise, so that reading them would show. */
    memset(rows, rand(), bytes);
    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < row_bytes; j += size) {
            const size_t rest = row_bytes - j;
            memcpy(rows + i * stride + j, data, rest < size ? rest : size);
        }
        rows[i * stride] = (uint8_t)(row + i);
    }
    const int status = stillmine_add_pdq_rows(state, rows, stride, count);
    free(rows);
    return status;
}

static int run(const struct plan *plan, uint32_t batch, const uint8_t *data, size_t size,
               uint8_t hashes[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES], uint32_t *quality) {
    size_t state_bytes = 0;
    int status = stillmine_measure_shrunk_pdq(plan->width, plan->height, plan->format, plan->variants, plan->shrink,
                                              &state_bytes);
    if (status != STILLMINE_OK) {
        return status;
    }
    stillmine_pdq *state = aligned_alloc(16, state_bytes);
    memset(state, plan->is_rude ? data[0] : 0, state_bytes);
    if (plan->is_rude) {
        memset(state, 0, 4);
        stillmine_finish_pdq(state, hashes, quality);
        add_batch(state, plan, 0, 1, data, size);
        stillmine_begin_shrunk_pdq(state, state_bytes - 1, plan->width, plan->height, plan->format, plan->variants,
                                   plan->shrink);
    }
    status = stillmine_begin_shrunk_pdq(state, state_bytes, plan->width, plan->height, plan->format, plan->variants,
                                        plan->shrink);
    const uint32_t rows = shrunk(plan->height, plan->shrink);
    for (uint32_t row = 0; row < rows && status == STILLMINE_OK; row += batch) {
        const uint32_t count = rows - row < batch ? rows - row : batch;
        status = add_batch(state, plan, row, count, data, size);
        if (plan->is_rude && row + count < rows &&
            stillmine_finish_pdq(state, hashes, quality) != STILLMINE_TOO_FEW_ROWS) {
            abort();
        }
    }
    if (status == STILLMINE_OK && plan->is_rude &&
        add_batch(state, plan, 0, 1, data, size) != STILLMINE_TOO_MANY_ROWS) {
        abort();
    }
    if (status != STILLMINE_OK || stillmine_finish_pdq(state, hashes, quality) != STILLMINE_OK || *quality > 100) {
        abort();
    }
    for (size_t i = 0; i < state_bytes; i++) {
        if (((const uint8_t *)state)[i] != 0) {
            abort();
        }
    }
    free(state);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size <= HEADER_BYTES) {
        return 0;
    }
    const struct plan plan = read_plan(data);
    if ((uint64_t)shrunk(plan.width, plan.shrink) * shrunk(plan.height, plan.shrink) > MAX_PIXELS) {
        return 0;
    }
    uint8_t first[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES] = {{0}};
    uint8_t second[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES] = {{0}};
    uint32_t first_quality = 0;
    uint32_t second_quality = 0;
    const int status = run(&plan, plan.batch, data + HEADER_BYTES, size - HEADER_BYTES, first, &first_quality);
    struct plan polite = plan;
    polite.is_rude = 0;
    polite.gap = 0;
    const int again = run(&polite, MAX_SIDE, data + HEADER_BYTES, size - HEADER_BYTES, second, &second_quality);
    if (status != again ||
        (status == STILLMINE_OK && (memcmp(first, second, sizeof first) != 0 || first_quality != second_quality))) {
        abort();
    }
    return 0;
}
