/* SPDX-License-Identifier: Apache-2.0 */
/* What the index should hold, kept in the simplest way, and values that are hard for it. */
#ifndef STILLMINE_INDEX_MODEL_H
#define STILLMINE_INDEX_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stillmine/index.h"

#define MODEL_KEYS 16384

#define REQUIRE(claim)                                                                                                 \
    do {                                                                                                               \
        if (!(claim)) {                                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #claim);                                                \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

struct model {
    uint8_t values[MODEL_KEYS][STILLMINE_FINGERPRINT_BYTES];
    uint8_t is_there[MODEL_KEYS];
    size_t count;
    uint64_t state;
};

static inline uint64_t draw(struct model *model) {
    uint64_t bits = model->state += UINT64_C(0x9E3779B97F4A7C15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
    return bits ^ bits >> 31;
}

static inline void make_id(uint32_t key, uint8_t id[STILLMINE_ID_BYTES]) {
    memset(id, 0, STILLMINE_ID_BYTES);
    for (int i = 0; i < 4; i++) {
        id[3 * i] = (uint8_t)(key >> 8 * i);
    }
}

static inline uint32_t read_id(const uint8_t id[STILLMINE_ID_BYTES]) {
    return (uint32_t)id[0] | (uint32_t)id[3] << 8 | (uint32_t)id[6] << 16 | (uint32_t)id[9] << 24;
}

static inline void flip_bits(struct model *model, uint8_t *value, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t bit = (uint32_t)draw(model) % 256;
        value[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* 0: anything; 1: near one of four; 2: the same as one of four; 3: one word free; 4: all zero. */
static inline void make_value(struct model *model, uint32_t kind, uint8_t value[STILLMINE_FINGERPRINT_BYTES]) {
    struct model fixed = {.state = 7 + draw(model) % 4};
    for (int i = 0; i < 4; i++) {
        const uint64_t word = kind == 0 ? draw(model) : kind == 4 ? 0 : draw(&fixed);
        memcpy(value + 8 * i, &word, sizeof word);
    }
    if (kind == 1) {
        flip_bits(model, value, (uint32_t)draw(model) % 40);
    } else if (kind == 3) {
        const uint64_t word = draw(model);
        memcpy(value, &word, sizeof word);
    }
}

static inline void model_add(struct model *model, stillmine_index *index, uint32_t key, uint32_t kind) {
    uint8_t id[STILLMINE_ID_BYTES];
    make_id(key, id);
    make_value(model, kind, model->values[key]);
    REQUIRE(stillmine_add_value(index, id, model->values[key]) == STILLMINE_INDEX_OK);
    model->count += model->is_there[key] ? 0 : 1;
    model->is_there[key] = 1;
}

static inline void model_add_many(struct model *model, stillmine_index *index, uint32_t first, uint32_t count,
                                  uint32_t kind, uint32_t threads) {
    uint8_t *ids = malloc((size_t)count * STILLMINE_ID_BYTES + 1);
    uint8_t *values = malloc((size_t)count * STILLMINE_FINGERPRINT_BYTES + 1);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t key = (first + i) % MODEL_KEYS;
        make_id(key, ids + (size_t)i * STILLMINE_ID_BYTES);
        make_value(model, kind, model->values[key]);
        memcpy(values + (size_t)i * STILLMINE_FINGERPRINT_BYTES, model->values[key], STILLMINE_FINGERPRINT_BYTES);
        model->count += model->is_there[key] ? 0 : 1;
        model->is_there[key] = 1;
    }
    REQUIRE(stillmine_add_values(index, ids, values, count, threads) == STILLMINE_INDEX_OK);
    free(values);
    free(ids);
}

static inline void model_remove(struct model *model, stillmine_index *index, uint32_t key) {
    uint8_t id[STILLMINE_ID_BYTES];
    bool was_there;
    make_id(key, id);
    REQUIRE(stillmine_remove_value(index, id, &was_there) == STILLMINE_INDEX_OK);
    REQUIRE(was_there == (model->is_there[key] != 0));
    model->count -= was_there ? 1 : 0;
    model->is_there[key] = 0;
    memset(model->values[key], 0, STILLMINE_FINGERPRINT_BYTES);
    REQUIRE(!stillmine_contains_id(index, id));
}

static inline void model_search(const struct model *model, stillmine_index *index,
                                const uint8_t query[STILLMINE_FINGERPRINT_BYTES], uint32_t max_distance_bits) {
    struct stillmine_hits hits;
    size_t expected = 0;
    REQUIRE(stillmine_search_index(index, query, 1, max_distance_bits, 1, &hits) == STILLMINE_INDEX_OK);
    for (uint32_t key = 0; key < MODEL_KEYS; key++) {
        expected += model->is_there[key] && stillmine_measure_distance(model->values[key], query) <= max_distance_bits;
    }
    REQUIRE(hits.count == expected);
    for (size_t i = 0; i < hits.count; i++) {
        const uint32_t key = read_id(hits.items[i].id);
        REQUIRE(key < MODEL_KEYS && model->is_there[key]);
        REQUIRE(hits.items[i].distance_bits == stillmine_measure_distance(model->values[key], query));
        REQUIRE(hits.items[i].distance_bits <= max_distance_bits);
        if (i > 0) { /* in order, so each once */
            const struct stillmine_hit *before = &hits.items[i - 1];
            const bool is_later = before->distance_bits < hits.items[i].distance_bits ||
                                  memcmp(before->id, hits.items[i].id, STILLMINE_ID_BYTES) < 0;
            REQUIRE(before->distance_bits <= hits.items[i].distance_bits && is_later);
        }
    }
    stillmine_free_hits(&hits);
    REQUIRE(stillmine_count_values(index) == model->count);
}

#endif
