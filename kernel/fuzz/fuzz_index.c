/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any sequence of additions, removals, searches, snapshots and reopenings, against the model. */
#define _GNU_SOURCE
#include <stdint.h>

#include "../tests/index_model.h"

#define STEP_BYTES 4

static struct model model;

static stillmine_index *reopen(stillmine_index *index) {
    char file[] = "/dev/shm/fuzz_index.XXXXXX"; /* a disk would be waited for */
    stillmine_index *opened;
    const int made = mkstemp(file);
    REQUIRE(made >= 0);
    REQUIRE(stillmine_write_snapshot(index, file) == STILLMINE_INDEX_OK);
    stillmine_destroy_index(index);
    REQUIRE(stillmine_open_snapshot(file, &opened) == STILLMINE_INDEX_OK);
    fclose(fdopen(made, "r"));
    remove(file);
    return opened;
}

static stillmine_index *take_step(stillmine_index *index, const uint8_t *step) {
    const uint32_t key = (uint32_t)step[1] << 6 | step[2] >> 2;
    const uint32_t kind = step[3] % 5;
    uint8_t query[STILLMINE_FINGERPRINT_BYTES];
    switch (step[0] % 12) {
    case 0:
        model_add_many(&model, index, key, 14 * (uint32_t)step[2], kind, 1 + step[3] % 2);
        break;
    case 1:
        for (uint32_t i = 0; i < 2 * (uint32_t)step[2]; i++) {
            model_remove(&model, index, (key + i) % MODEL_KEYS);
        }
        break;
    case 2:
        return reopen(index);
    case 3:
        stillmine_settle_index(index);
        break;
    case 4:
        (void)stillmine_choose_level(index, step[3] % 4);
        break;
    case 5:
    case 6:
        model_add(&model, index, key, kind);
        break;
    case 7:
        model_remove(&model, index, key);
        break;
    case 8: /* many into one bucket */
        for (uint32_t i = 0; i < 6 * (uint32_t)step[2]; i++) {
            model_add(&model, index, (key + i) % MODEL_KEYS, kind);
        }
        break;
    default:
        make_value(&model, kind, query);
        model_search(&model, index, query, step[1]);
    }
    return index;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    stillmine_index *index;
    memset(&model, 0, sizeof model);
    REQUIRE(stillmine_create_index(&index) == STILLMINE_INDEX_OK);
    for (size_t at = 0; at + STEP_BYTES <= size; at += STEP_BYTES) {
        index = take_step(index, data + at);
    }
    stillmine_destroy_index(index);
    return 0;
}
