/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of 65,536 slots: growing never moves a value that someone reads. */
#include "index_store.h"

#include <stdlib.h>
#include <string.h>

#include "index_memory.h"

#define VALUE_BYTES (STILLMINE_CHUNK_SLOTS * (size_t)STILLMINE_FINGERPRINT_BYTES)
#define LIVE_BYTES ((size_t)STILLMINE_CHUNK_SLOTS / 8)

bool stillmine_create_store(struct stillmine_store *store, struct stillmine_shape shape) {
    *store = (struct stillmine_store){.shape = shape, .id_bytes = STILLMINE_ID_BYTES};
    store->id_bytes += shape.most_values > 1 ? shape.id_note_bytes + 1 : 0;
    store->segments = calloc(STILLMINE_SEGMENTS, sizeof *store->segments);
    return store->segments != NULL;
}

static size_t measure_notes(const struct stillmine_store *store) {
    return (size_t)STILLMINE_CHUNK_SLOTS * store->shape.value_note_bytes;
}

static size_t measure_ids(const struct stillmine_store *store) {
    return (size_t)STILLMINE_CHUNK_SLOTS * store->id_bytes;
}

void stillmine_discard_store(struct stillmine_store *store) {
    for (uint32_t i = 0; i < store->chunk_count; i++) {
        if (i >= store->mapped_chunks) {
            stillmine_unmap_memory(store->values[i], VALUE_BYTES);
        }
        stillmine_unmap_memory(store->notes[i], measure_notes(store));
        free(store->live[i]);
    }
    for (uint32_t i = store->mapped_chunks; i < store->id_chunk_count; i++) {
        stillmine_unmap_memory(store->ids[i], measure_ids(store));
    }
    for (uint32_t i = 0; store->segments != NULL && i < STILLMINE_SEGMENTS; i++) {
        if (!store->segments[i].is_mapped) {
            free(store->segments[i].entries);
        }
    }
    free(store->segments);
    free(store->values);
    free(store->notes);
    free(store->ids);
    free(store->live);
    *store = (struct stillmine_store){0};
}

size_t stillmine_measure_store(const struct stillmine_store *store) {
    size_t bytes = store->chunk_count * (VALUE_BYTES + measure_notes(store) + LIVE_BYTES);
    bytes += store->id_chunk_count * measure_ids(store);
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

bool stillmine_grow_directory(struct stillmine_store *store, uint32_t chunks, uint32_t id_chunks) {
    return grow_list((void **)&store->values, chunks) && grow_list((void **)&store->notes, chunks) &&
           grow_list((void **)&store->live, chunks) && grow_list((void **)&store->ids, id_chunks);
}

static bool add_chunk(struct stillmine_store *store) {
    const uint32_t chunk = store->chunk_count;
    /* The first chunk without huge pages: a small index stays small. */
    uint64_t *values = stillmine_map_memory(VALUE_BYTES, chunk > 0);
    uint8_t *notes = stillmine_map_memory(measure_notes(store), false);
    uint64_t *live = calloc(1, LIVE_BYTES);
    if (values == NULL || live == NULL || (notes == NULL && measure_notes(store) > 0)) {
        stillmine_unmap_memory(values, VALUE_BYTES);
        stillmine_unmap_memory(notes, measure_notes(store));
        free(live);
        return false;
    }
    store->values[chunk] = values;
    store->notes[chunk] = notes;
    store->live[chunk] = live;
    store->chunk_count = chunk + 1;
    return true;
}

static bool add_id_chunk(struct stillmine_store *store) {
    uint8_t *ids = stillmine_map_memory(measure_ids(store), false);
    if (ids == NULL) {
        return false;
    }
    store->ids[store->id_chunk_count++] = ids;
    return true;
}

static uint32_t last_chunk(const struct stillmine_store *store, uint32_t number) {
    return (number * store->shape.most_values + store->shape.most_values - 1) >> STILLMINE_CHUNK_BITS;
}

bool stillmine_has_room(const struct stillmine_store *store, uint32_t number) {
    return last_chunk(store, number) < store->chunk_count && number >> STILLMINE_CHUNK_BITS < store->id_chunk_count;
}

bool stillmine_make_room(struct stillmine_store *store, uint32_t number) {
    const uint32_t chunks = last_chunk(store, number) + 1;
    const uint32_t id_chunks = (number >> STILLMINE_CHUNK_BITS) + 1;
    bool is_ok = stillmine_grow_directory(store, chunks > store->chunk_count ? chunks : store->chunk_count,
                                          id_chunks > store->id_chunk_count ? id_chunks : store->id_chunk_count);
    while (is_ok && store->chunk_count < chunks) {
        is_ok = add_chunk(store);
    }
    while (is_ok && store->id_chunk_count < id_chunks) {
        is_ok = add_id_chunk(store);
    }
    return is_ok;
}
