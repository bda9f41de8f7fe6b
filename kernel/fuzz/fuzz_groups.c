/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any sequence of additions, removals, loadings and searches of ids with several values, against the model.
 */
#define _GNU_SOURCE
#include <stdint.h>

#include "../tests/groups_model.h"

#define STEP_BYTES 4

static struct groups_model model;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    stillmine_index *index;
    memset(&model, 0, sizeof model);
    REQUIRE(stillmine_create_groups(&index, (struct stillmine_shape){MOST, NOTE, ID_NOTE}) == STILLMINE_INDEX_OK);
    for (size_t at = 0; at + STEP_BYTES <= size; at += STEP_BYTES) {
        const uint8_t *step = data + at;
        model.model.state += step[3]; /* other values, other queries */
        take_step(&model, index, step[0] % 12, ((uint32_t)step[1] << 2 | step[3] % 4) % IDS, 6 * (uint32_t)step[2]);
    }
    stillmine_destroy_index(index);
    return 0;
}
