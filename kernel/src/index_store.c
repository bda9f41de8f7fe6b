/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of 65,536 slots: growing never moves a value that someone reads. */
#include "index_store.h"

#include <stdlib.h>
#include <string.h>

#include "index_memory.h"

#define VALUE_BYTES (STILLMINE_CHUNK_SLOTS * (size_t)STILLMINE_FINGERPRINT_BYTES)
#define ID_BYTES (STILLMINE_CHUNK_SLOTS * (size_t)STILLMINE_ID_BYTES)
#define LIVE_BYTES ((size_t)STILLMINE_CHUNK_SLOTS / 8)

bool stillmine_create_store(struct stillmine_store *store) {
    *store = (struct stillmine_store){0};
    store->segments = calloc(STILLMINE_SEGMENTS, sizeof *store->segments);
    return store->segments != NULL;
}

void stillmine_discard_store(struct stillmine_store *store) {
    for (uint32_t i = 0; i < store->chunk_count; i++) {
        if (i >= store->mapped_chunks) {
            stillmine_unmap_memory(store->values[i], VALUE_BYTES);
            stillmine_unmap_memory(store->ids[i], ID_BYTES);
        }
        free(store->live[i]);
    }
    for (uint32_t i = 0; store->segments != NULL && i < STILLMINE_SEGMENTS; i++) {
        if (!store->segments[i].is_mapped) {
            free(store->segments[i].entries);
        }
    }
    free(store->segments);
    free(store->values);
    free(store->ids);
    free(store->live);
    *store = (struct stillmine_store){0};
}

size_t stillmine_measure_store(const struct stillmine_store *store) {
    size_t bytes = store->chunk_count * (VALUE_BYTES + ID_BYTES + LIVE_BYTES);
    for (uint32_t i = 0; i < STILLMINE_SEGMENTS; i++) {
        bytes += sizeof(struct stillmine_segment) + store->segments[i].capacity * sizeof(uint32_t);
    }
    return bytes;
}

static bool grow_list(void **list, uint32_t chunks) {
    void *grown = realloc(*list, chunks * sizeof(void *));
    if (grown == NULL) {
        return false;
    }
    *list = grown;
    return true;
}

bool stillmine_grow_directory(struct stillmine_store *store, uint32_t chunks) {
    return grow_list((void **)&store->values, chunks) && grow_list((void **)&store->ids, chunks) &&
           grow_list((void **)&store->live, chunks);
}

bool stillmine_reserve_slot(struct stillmine_store *store, uint32_t slot) {
    const uint32_t chunk = slot >> STILLMINE_CHUNK_BITS;
    if (chunk < store->chunk_count) {
        return true;
    }
    if (!stillmine_grow_directory(store, chunk + 1)) {
        return false;
    }
    /* The first chunk without huge pages: a small index stays small. */
    uint64_t *values = stillmine_map_memory(VALUE_BYTES, chunk > 0);
    uint8_t *ids = stillmine_map_memory(ID_BYTES, false);
    uint64_t *live = calloc(1, LIVE_BYTES);
    if (values == NULL || ids == NULL || live == NULL) {
        stillmine_unmap_memory(values, VALUE_BYTES);
        stillmine_unmap_memory(ids, ID_BYTES);
        free(live);
        return false;
    }
    store->values[chunk] = values;
    store->ids[chunk] = ids;
    store->live[chunk] = live;
    store->chunk_count = chunk + 1;
    return true;
}
