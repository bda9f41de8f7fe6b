/* SPDX-License-Identifier: Apache-2.0 */
/* All bands' tables together, and values in the order of bits that they share. */
#include <stdlib.h>
#include <string.h>

#include "index_parts.h"
#include "index_permutation.h"
#include "index_region_permutation.h"

/* Where ids have several values, these are regions: patches' bits hang together in another way than pictures' do. */
static const uint8_t *choose_permutation(const stillmine_index *index) {
    return stillmine_has_groups(&index->store) ? stillmine_region_permutation : stillmine_permutation;
}

void stillmine_prepare_permutation(stillmine_index *index) {
    const uint8_t *permutation = choose_permutation(index);
    memset(index->nibbles, 0, sizeof index->nibbles);
    for (uint32_t place = 0; place < 256; place++) {
        const uint32_t bit = permutation[place];
        for (uint32_t nibble = 0; nibble < 16; nibble++) {
            if ((nibble >> bit % 4 & 1) != 0) {
                index->nibbles[bit / 4][nibble][place / 64] |= UINT64_C(1) << place % 64;
            }
        }
    }
}

void stillmine_permute_value(const stillmine_index *index, const uint8_t value[STILLMINE_FINGERPRINT_BYTES],
                             uint64_t permuted[4]) {
    uint64_t words[4] = {0, 0, 0, 0};
    for (uint32_t i = 0; i < STILLMINE_FINGERPRINT_BYTES; i++) {
        const uint64_t *low = index->nibbles[2 * i][value[i] & 15];
        const uint64_t *high = index->nibbles[2 * i + 1][value[i] >> 4];
        for (uint32_t word = 0; word < 4; word++) {
            words[word] |= low[word] | high[word];
        }
    }
    memcpy(permuted, words, sizeof words);
}

void stillmine_restore_value(const stillmine_index *index, const uint64_t permuted[4],
                             uint8_t value[STILLMINE_FINGERPRINT_BYTES]) {
    const uint8_t *permutation = choose_permutation(index);
    memset(value, 0, STILLMINE_FINGERPRINT_BYTES);
    for (uint32_t place = 0; place < 256; place++) {
        const uint32_t bit = permutation[place];
        value[bit / 8] |= (uint8_t)((permuted[place / 64] >> place % 64 & 1) << bit % 8);
    }
}

void stillmine_plan_usual(struct stillmine_bands *bands) {
    bands->usual.max_distance_bits = STILLMINE_USUAL_DISTANCE;
    bands->usual.is_cheaper =
        stillmine_plan_radii(&bands->layout, STILLMINE_USUAL_DISTANCE, bands->layout.planned, bands->usual.radii);
}

struct stillmine_bands *stillmine_create_bands(const struct stillmine_store *store, uint32_t count, uint32_t slots) {
    struct stillmine_bands *bands = calloc(1, sizeof *bands);
    if (bands == NULL) {
        return NULL;
    }
    stillmine_plan_layout(count, slots, store->shape.most_values > 1, &bands->layout);
    stillmine_plan_usual(bands);
    for (uint32_t i = 0; i < bands->layout.band_count; i++) {
        if (!stillmine_create_table(&bands->tables[i], &bands->layout, i)) {
            stillmine_discard_bands(bands);
            return NULL;
        }
    }
    return bands;
}

void stillmine_discard_bands(struct stillmine_bands *bands) {
    for (uint32_t i = 0; bands != NULL && i < STILLMINE_MAX_BANDS; i++) {
        stillmine_discard_table(&bands->tables[i]);
    }
    free(bands);
}

static void prefetch_buckets(const struct stillmine_bands *bands, const uint64_t value[4]) {
    for (uint32_t i = 0; i < bands->layout.band_count; i++) {
        __builtin_prefetch(
            stillmine_get_bucket(&bands->tables[i], stillmine_find_bucket(&bands->layout.bands[i], value)), 1);
    }
}

bool stillmine_insert_slot(struct stillmine_bands *bands, const uint64_t value[4], uint32_t slot) {
    prefetch_buckets(bands, value);
    for (uint32_t i = 0; i < bands->layout.band_count; i++) {
        const uint32_t bucket = stillmine_find_bucket(&bands->layout.bands[i], value);
        const uint16_t sketch = stillmine_make_sketch(&bands->layout, i, value);
        if (!stillmine_insert_entry(&bands->tables[i], bucket, sketch, slot)) {
            return false;
        }
    }
    return true;
}

void stillmine_erase_slot(struct stillmine_bands *bands, const uint64_t value[4], uint32_t slot) {
    prefetch_buckets(bands, value);
    for (uint32_t i = 0; i < bands->layout.band_count; i++) {
        stillmine_erase_entry(&bands->tables[i], stillmine_find_bucket(&bands->layout.bands[i], value), slot);
    }
}
