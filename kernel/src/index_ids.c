/* SPDX-License-Identifier: Apache-2.0 */
/* From an id to its number. 4,096 small tables that grow one by one: no single addition waits for all to be moved. */
#include <stdlib.h>
#include <string.h>

#include "index_store.h"

#define NUMBER_BITS 28
#define NUMBER_MASK ((UINT32_C(1) << NUMBER_BITS) - 1)
#define FIRST_CAPACITY 8

static uint64_t mix(uint64_t bits) {
    bits = (bits ^ bits >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    bits = (bits ^ bits >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return bits ^ bits >> 32;
}

uint64_t stillmine_hash_id(const uint8_t id[STILLMINE_ID_BYTES]) {
    uint64_t halves[2];
    memcpy(halves, id, sizeof halves);
    return mix(halves[0] + UINT64_C(0x9E3779B97F4A7C15) * (mix(halves[1]) | 1));
}

static struct stillmine_segment *segment_of(const struct stillmine_store *store, uint64_t hash) {
    return &store->segments[hash >> 52];
}

/* Bits 0-31 choose the place, bits 32-35 are the tag, bits 52-63 the segment. */
static uint32_t home_of(const struct stillmine_segment *segment, uint64_t hash) {
    return (uint32_t)((hash & UINT32_MAX) * segment->capacity >> 32);
}

static uint32_t tag_of(uint64_t hash) {
    return (uint32_t)(hash >> 32) << NUMBER_BITS;
}

static uint32_t after(const struct stillmine_segment *segment, uint32_t place) {
    return place + 1 == segment->capacity ? 0 : place + 1;
}

void stillmine_prefetch_id(const struct stillmine_store *store, uint64_t hash) {
    const struct stillmine_segment *segment = segment_of(store, hash);
    if (segment->capacity > 0) {
        __builtin_prefetch(&segment->entries[home_of(segment, hash)]);
    }
}

uint32_t stillmine_find_number(const struct stillmine_store *store, const uint8_t id[STILLMINE_ID_BYTES],
                               uint64_t hash) {
    const struct stillmine_segment *segment = segment_of(store, hash);
    if (segment->capacity == 0) {
        return STILLMINE_NO_NUMBER;
    }
    for (uint32_t place = home_of(segment, hash); segment->entries[place] != 0; place = after(segment, place)) {
        const uint32_t entry = segment->entries[place];
        if ((entry & ~NUMBER_MASK) == tag_of(hash) &&
            memcmp(stillmine_get_id(store, (entry & NUMBER_MASK) - 1), id, STILLMINE_ID_BYTES) == 0) {
            return (entry & NUMBER_MASK) - 1;
        }
    }
    return STILLMINE_NO_NUMBER;
}

static void place_entry(struct stillmine_segment *segment, uint64_t hash, uint32_t entry) {
    uint32_t place = home_of(segment, hash);
    while (segment->entries[place] != 0) {
        place = after(segment, place);
    }
    segment->entries[place] = entry;
}

static bool resize_segment(const struct stillmine_store *store, struct stillmine_segment *segment, uint32_t capacity) {
    struct stillmine_segment grown = {.capacity = capacity, .count = segment->count};
    grown.entries = calloc(capacity, sizeof *grown.entries);
    if (grown.entries == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < segment->capacity; i++) {
        const uint32_t entry = segment->entries[i];
        if (entry != 0) {
            place_entry(&grown, stillmine_hash_id(stillmine_get_id(store, (entry & NUMBER_MASK) - 1)), entry);
        }
    }
    if (!segment->is_mapped) {
        free(segment->entries);
    }
    *segment = grown;
    return true;
}

bool stillmine_enter_id(struct stillmine_store *store, uint64_t hash, uint32_t number) {
    struct stillmine_segment *segment = segment_of(store, hash);
    if ((uint64_t)(segment->count + 1) * 5 > (uint64_t)segment->capacity * 4) {
        const uint32_t larger = segment->capacity + segment->capacity / 4;
        if (!resize_segment(store, segment, larger < FIRST_CAPACITY ? FIRST_CAPACITY : larger + 1)) {
            return false;
        }
    }
    place_entry(segment, hash, tag_of(hash) | (number + 1));
    segment->count++;
    return true;
}

bool stillmine_reserve_ids(struct stillmine_store *store, uint64_t count) {
    const uint64_t each = count / STILLMINE_SEGMENTS;
    const uint64_t capacity = each * 134 / 100;
    for (uint32_t i = 0; each >= FIRST_CAPACITY && i < STILLMINE_SEGMENTS; i++) {
        if (store->segments[i].capacity < capacity && !resize_segment(store, &store->segments[i], (uint32_t)capacity)) {
            return false;
        }
    }
    return true;
}

void stillmine_forget_id(struct stillmine_store *store, uint64_t hash, uint32_t number) {
    struct stillmine_segment *segment = segment_of(store, hash);
    uint32_t hole = segment->capacity == 0 ? 0 : home_of(segment, hash);
    while (segment->capacity > 0 && segment->entries[hole] != 0 &&
           (segment->entries[hole] & NUMBER_MASK) != number + 1) {
        hole = after(segment, hole);
    }
    if (segment->capacity == 0 || segment->entries[hole] == 0) {
        return;
    }
    segment->entries[hole] = 0;
    segment->count--;
    for (uint32_t place = after(segment, hole); segment->entries[place] != 0; place = after(segment, place)) {
        const uint32_t entry = segment->entries[place];
        const uint32_t home = home_of(segment, stillmine_hash_id(stillmine_get_id(store, (entry & NUMBER_MASK) - 1)));
        /* It may stay if its home lies behind the hole, going round: then a search for it doesn't pass the hole. */
        const bool may_stay = hole <= place ? hole < home && home <= place : hole < home || home <= place;
        if (!may_stay) {
            segment->entries[hole] = entry;
            segment->entries[place] = 0;
            hole = place;
        }
    }
}
