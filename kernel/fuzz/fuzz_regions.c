/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: bases of any picture, their regions in any view, what a case is given, and hashes of any frames. Built
 * with the address and undefined-behaviour sanitizers; every buffer is exactly as large as promised.
 *
 * Aborts where the kernel breaks its own promises: a base that depends on how the rows came, more regions than were
 * asked for, one enrolled twice, a workspace not wiped. */
#include <stdlib.h>
#include <string.h>

#include "stillmine/regions.h"

#define HEADER_BYTES 16
#define MAX_PIXELS (1u << 15)
#define MAX_SIDE 4096

struct plan {
    uint32_t width, height, format, batch, area, stretch, count;
    int is_found; /* else only frames are hashed, which is fast */
};

static uint32_t two_bytes(const uint8_t *data) {
    return data[0] | (uint32_t)data[1] << 8;
}

static struct plan read_plan(const uint8_t *data) {
    static const uint32_t formats[] = {1, 3, 4, 1, 1, 1, 0, 2};
    struct plan plan = {0};
    plan.width = two_bytes(data) % MAX_SIDE;
    plan.height = two_bytes(data + 2) % MAX_SIDE;
    plan.format = formats[data[4] % 8];
    plan.batch = data[5] % 40 + 1;
    plan.area = data[6] % 8 == 0 ? data[6] : data[6] % 8 == 1 ? STILLMINE_LARGE_REGION_AREA : STILLMINE_REGION_AREA;
    plan.stretch = data[7] % 8 == 0 ? data[7] : 50 + data[7] % 151;
    plan.count = data[8];
    plan.is_found = data[9] % 4 == 0;
    return plan;
}

/* Fills rows with the bytes that the fuzzer gave, again and again, and the number of the row. */
static int add_rows(stillmine_base_maker *state, const struct plan *plan, uint32_t batch, const uint8_t *data,
                    size_t size, uint8_t *levels) {
    const size_t row_bytes = (size_t)plan->width * plan->format;
    int status = STILLMINE_OK;
    for (uint32_t row = 0; row < plan->height && status == STILLMINE_OK; row += batch) {
        const uint32_t count = plan->height - row < batch ? plan->height - row : batch;
        uint8_t *rows = malloc(row_bytes * count);
        for (uint32_t i = 0; i < count; i++) {
            for (size_t j = 0; j < row_bytes; j++) {
                rows[i * row_bytes + j] = (uint8_t)(data[(j + (row + i) / 3) % size] ^ ((row + i) / 16));
            }
        }
        status = stillmine_add_base_rows(state, rows, row_bytes, count, levels);
        free(rows);
    }
    return status;
}

static void require_wiped(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0) {
            abort();
        }
    }
}

/* Returns the levels, or NULL where the size or format is refused. */
static uint8_t *make_base(const struct plan *plan, uint32_t batch, const uint8_t *data, size_t size,
                          struct stillmine_base *base, size_t *levels_bytes) {
    size_t state_bytes;
    if (stillmine_measure_base(plan->width, plan->height, plan->format, &base->width, &base->height, levels_bytes,
                               &state_bytes) != STILLMINE_OK) {
        return NULL;
    }
    uint8_t *levels = malloc(*levels_bytes);
    stillmine_base_maker *state = aligned_alloc(16, state_bytes);
    memset(state, 0xa5, state_bytes);
    if (stillmine_finish_base(state, levels) != STILLMINE_WRONG_ORDER ||
        stillmine_begin_base(state, state_bytes - 1, plan->width, plan->height, plan->format) !=
            STILLMINE_MISSING_BUFFER ||
        stillmine_begin_base(state, state_bytes, plan->width, plan->height, plan->format) != STILLMINE_OK ||
        stillmine_finish_base(state, levels) != STILLMINE_TOO_FEW_ROWS ||
        add_rows(state, plan, batch, data, size, levels) != STILLMINE_OK ||
        stillmine_finish_base(state, levels) != STILLMINE_OK) {
        abort();
    }
    require_wiped((const uint8_t *)state, state_bytes);
    free(state);
    base->levels = levels;
    return levels;
}

static void hash_frames(const struct stillmine_base *base, const uint8_t *data, size_t size) {
    const size_t frame_bytes = STILLMINE_FRAME_NUMBERS * sizeof(int16_t);
    const size_t count = size / frame_bytes;
    int16_t (*frames)[STILLMINE_FRAME_NUMBERS] = malloc(count * frame_bytes + 1);
    uint8_t (*hashes)[STILLMINE_HASH_BYTES] = malloc(count * STILLMINE_HASH_BYTES + 1);
    memcpy(frames, data, count * frame_bytes);
    if (stillmine_hash_frames(base, (const int16_t (*)[STILLMINE_FRAME_NUMBERS])frames, count, hashes) !=
        STILLMINE_OK) {
        abort();
    }
    free(frames);
    free(hashes);
}

static void require_apart(const struct stillmine_region *regions, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (memcmp(regions[i].geometry, regions[j].geometry, STILLMINE_GEOMETRY_BYTES) == 0 ||
                memcmp(regions[i].hash, regions[j].hash, STILLMINE_HASH_BYTES) == 0) {
                abort();
            }
        }
    }
}

static void find(const struct stillmine_base *base, const struct plan *plan) {
    size_t bytes = 0;
    uint32_t count = 0;
    if (stillmine_measure_find(base->width, base->height, plan->area, plan->stretch, &bytes) == STILLMINE_OK) {
        uint8_t *workspace = aligned_alloc(16, bytes);
        struct stillmine_region *regions = malloc(plan->count * sizeof *regions + 1);
        if (stillmine_find_regions(base, plan->area, plan->stretch, workspace, bytes, regions, plan->count, &count) !=
                STILLMINE_OK ||
            count > plan->count) {
            abort();
        }
        require_wiped(workspace, bytes);
        free(regions);
        free(workspace);
    }
    if (stillmine_measure_find(base->width, base->height, STILLMINE_REGION_AREA, 100, &bytes) != STILLMINE_OK) {
        abort();
    }
    uint8_t *workspace = aligned_alloc(16, bytes);
    struct stillmine_region *regions = malloc(STILLMINE_MAX_REGIONS * sizeof *regions);
    uint8_t value[STILLMINE_MAX_VALUE_BYTES];
    const uint8_t pdq[STILLMINE_HASH_BYTES] = {0};
    uint32_t value_bytes;
    if (stillmine_enrol_regions(base, workspace, bytes, regions, &count) != STILLMINE_OK ||
        count > STILLMINE_ENROLLED_REGIONS) {
        abort();
    }
    require_apart(regions, count);
    const size_t wanted = STILLMINE_VALUE_HEAD_BYTES + (size_t)count * STILLMINE_VALUE_REGION_BYTES;
    if (stillmine_make_regions_value(base, pdq, workspace, bytes, regions, value, &value_bytes) != STILLMINE_OK ||
        value_bytes != (count < STILLMINE_FEWEST_REGIONS ? 0 : wanted)) {
        abort();
    }
    require_wiped(workspace, bytes);
    free(regions);
    free(workspace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size <= HEADER_BYTES) {
        return 0;
    }
    const struct plan plan = read_plan(data);
    if ((uint64_t)plan.width * plan.height > MAX_PIXELS) {
        return 0;
    }
    data += HEADER_BYTES;
    size -= HEADER_BYTES;
    struct stillmine_base base = {0};
    struct stillmine_base again = {0};
    size_t bytes = 0;
    uint8_t *levels = make_base(&plan, plan.batch, data, size, &base, &bytes);
    if (levels == NULL) {
        return 0;
    }
    uint8_t *same = make_base(&plan, MAX_SIDE, data, size, &again, &bytes);
    if (memcmp(levels, same, bytes) != 0) {
        abort();
    }
    hash_frames(&base, data, size);
    if (plan.is_found) {
        find(&base, &plan);
    }
    free(levels);
    free(same);
    return 0;
}
