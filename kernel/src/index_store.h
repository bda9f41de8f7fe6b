/* SPDX-License-Identifier: Apache-2.0 */
/* Values by slot and ids by number, in pieces that never move, and the way from an id to its number.
 *
 * An id of number n has the slots from n * most_values on; where ids have one value, number and slot are the same. */
#ifndef STILLMINE_INDEX_STORE_H
#define STILLMINE_INDEX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stillmine/index_groups.h"

#define STILLMINE_CHUNK_BITS 16
#define STILLMINE_CHUNK_SLOTS (UINT32_C(1) << STILLMINE_CHUNK_BITS)
#define STILLMINE_VALUE_WORDS 4
#define STILLMINE_SEGMENTS 4096
#define STILLMINE_NO_NUMBER UINT32_MAX

/* Open addressing; an entry is number plus one, and four bits of the id's hash above it; 0 is empty. At least one is.
 */
struct stillmine_segment {
    uint32_t *entries;
    uint32_t capacity;
    uint32_t count;
    bool is_mapped;
};

struct stillmine_store {
    struct stillmine_shape shape;
    uint32_t id_bytes; /* the id; where it may have several values also its note, and how many it has */
    uint64_t **values; /* permuted; chunk by chunk */
    uint8_t **notes; /* of values */
    uint64_t **live; /* one bit for each slot of a chunk */
    uint8_t **ids;
    uint32_t chunk_count;
    uint32_t id_chunk_count;
    uint32_t mapped_chunks; /* the first so many belong to a snapshot's mapping */
    uint32_t slot_count; /* slots ever used */
    uint32_t live_count;
    uint32_t free_number; /* chained through the first bytes of the id, plus one */
    struct stillmine_segment *segments;
};

static inline uint64_t *stillmine_get_value(const struct stillmine_store *store, uint32_t slot) {
    return store->values[slot >> STILLMINE_CHUNK_BITS] + (size_t)(slot % STILLMINE_CHUNK_SLOTS) * STILLMINE_VALUE_WORDS;
}

static inline uint8_t *stillmine_get_note(const struct stillmine_store *store, uint32_t slot) {
    return store->notes[slot >> STILLMINE_CHUNK_BITS] +
           (size_t)(slot % STILLMINE_CHUNK_SLOTS) * store->shape.value_note_bytes;
}

static inline uint8_t *stillmine_get_id(const struct stillmine_store *store, uint32_t number) {
    return store->ids[number >> STILLMINE_CHUNK_BITS] + (size_t)(number % STILLMINE_CHUNK_SLOTS) * store->id_bytes;
}

static inline bool stillmine_has_groups(const struct stillmine_store *store) {
    return store->shape.most_values > 1;
}

static inline uint8_t *stillmine_get_id_note(const struct stillmine_store *store, uint32_t number) {
    return stillmine_get_id(store, number) + STILLMINE_ID_BYTES;
}

/* How many values the id of this number has: none if it was removed. Not for an index of single values. */
static inline uint8_t *stillmine_get_count(const struct stillmine_store *store, uint32_t number) {
    return stillmine_get_id(store, number) + store->id_bytes - 1;
}

static inline uint32_t stillmine_get_number(const struct stillmine_store *store, uint32_t slot) {
    return stillmine_has_groups(store) ? slot / store->shape.most_values : slot;
}

/* Whether it belongs to an id, for slots whose live bits are not written yet. */
static inline bool stillmine_is_taken(const struct stillmine_store *store, uint32_t slot) {
    const uint32_t most = store->shape.most_values;
    return most == 1 || slot % most < *stillmine_get_count(store, slot / most);
}

static inline void stillmine_set_live(struct stillmine_store *store, uint32_t slot, bool is_live) {
    uint64_t *word = &store->live[slot >> STILLMINE_CHUNK_BITS][slot % STILLMINE_CHUNK_SLOTS / 64];
    *word = (*word & ~(UINT64_C(1) << slot % 64)) | (uint64_t)is_live << slot % 64;
}

static inline bool stillmine_is_live(const struct stillmine_store *store, uint32_t slot) {
    return (store->live[slot >> STILLMINE_CHUNK_BITS][slot % STILLMINE_CHUNK_SLOTS / 64] >> (slot % 64) & 1) != 0;
}

bool stillmine_create_store(struct stillmine_store *store, struct stillmine_shape shape);
void stillmine_discard_store(struct stillmine_store *store);
size_t stillmine_measure_store(const struct stillmine_store *store);

/* Whether there is room for the id of this number and its values. */
bool stillmine_has_room(const struct stillmine_store *store, uint32_t number);
/* Makes room; false when there is no memory. */
bool stillmine_make_room(struct stillmine_store *store, uint32_t number);
/* Room for so many chunks in the directory. */
bool stillmine_grow_directory(struct stillmine_store *store, uint32_t chunks, uint32_t id_chunks);

uint64_t stillmine_hash_id(const uint8_t id[STILLMINE_ID_BYTES]);
/* The number of an id, or STILLMINE_NO_NUMBER. */
uint32_t stillmine_find_number(const struct stillmine_store *store, const uint8_t id[STILLMINE_ID_BYTES],
                               uint64_t hash);
void stillmine_prefetch_id(const struct stillmine_store *store, uint64_t hash);
/* The id must not be there yet; it must be written to its place before others are looked for. */
bool stillmine_enter_id(struct stillmine_store *store, uint64_t hash, uint32_t number);
void stillmine_forget_id(struct stillmine_store *store, uint64_t hash, uint32_t number);
bool stillmine_reserve_ids(struct stillmine_store *store, uint64_t count);

#endif
