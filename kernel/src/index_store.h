/* SPDX-License-Identifier: Apache-2.0 */
/* Values and ids by slot, in pieces that never move, and the way from an id to its slot. */
#ifndef STILLMINE_INDEX_STORE_H
#define STILLMINE_INDEX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stillmine/index.h"

#define STILLMINE_CHUNK_BITS 16
#define STILLMINE_CHUNK_SLOTS (UINT32_C(1) << STILLMINE_CHUNK_BITS)
#define STILLMINE_VALUE_WORDS 4
#define STILLMINE_SEGMENTS 4096
#define STILLMINE_NO_SLOT UINT32_MAX

/* Open addressing; an entry is slot plus one, and four bits of the id's hash above it; 0 is empty. At least one is. */
struct stillmine_segment {
    uint32_t *entries;
    uint32_t capacity;
    uint32_t count;
    bool is_mapped;
};

struct stillmine_store {
    uint64_t **values; /* permuted; chunk by chunk */
    uint8_t **ids;
    uint64_t **live; /* one bit for each slot of a chunk */
    uint32_t chunk_count;
    uint32_t mapped_chunks; /* the first so many belong to a snapshot's mapping */
    uint32_t slot_count; /* slots ever used */
    uint32_t live_count;
    uint32_t free_slot; /* chained through the first bytes of the id, plus one */
    struct stillmine_segment *segments;
};

static inline uint64_t *stillmine_get_value(const struct stillmine_store *store, uint32_t slot) {
    return store->values[slot >> STILLMINE_CHUNK_BITS] + (size_t)(slot % STILLMINE_CHUNK_SLOTS) * STILLMINE_VALUE_WORDS;
}

static inline uint8_t *stillmine_get_id(const struct stillmine_store *store, uint32_t slot) {
    return store->ids[slot >> STILLMINE_CHUNK_BITS] + (size_t)(slot % STILLMINE_CHUNK_SLOTS) * STILLMINE_ID_BYTES;
}

static inline bool stillmine_is_live(const struct stillmine_store *store, uint32_t slot) {
    return (store->live[slot >> STILLMINE_CHUNK_BITS][slot % STILLMINE_CHUNK_SLOTS / 64] >> (slot % 64) & 1) != 0;
}

bool stillmine_create_store(struct stillmine_store *store);
void stillmine_discard_store(struct stillmine_store *store);
size_t stillmine_measure_store(const struct stillmine_store *store);

/* Makes room for this slot; false when there is no memory. */
bool stillmine_reserve_slot(struct stillmine_store *store, uint32_t slot);
/* Room for one more chunk in the directory. */
bool stillmine_grow_directory(struct stillmine_store *store, uint32_t chunks);

uint64_t stillmine_hash_id(const uint8_t id[STILLMINE_ID_BYTES]);
uint32_t stillmine_find_slot(const struct stillmine_store *store, const uint8_t id[STILLMINE_ID_BYTES], uint64_t hash);
void stillmine_prefetch_id(const struct stillmine_store *store, uint64_t hash);
/* The id must not be there yet; its slot's id must be written before others are looked for. */
bool stillmine_enter_id(struct stillmine_store *store, uint64_t hash, uint32_t slot);
void stillmine_forget_id(struct stillmine_store *store, uint64_t hash, uint32_t slot);
bool stillmine_reserve_ids(struct stillmine_store *store, uint64_t count);

#endif
