/* SPDX-License-Identifier: Apache-2.0 */
/* Many values at once: new slots are written where no search looks yet, the bands are made again for all, and then both
 * appear together. */
#include <string.h>

#include "index_parts.h"

#define FEWEST_BULK 4096
#define PIECE 256
#define BATCH 32

struct bulk {
    stillmine_index *index;
    const uint8_t *ids;
    const uint8_t *values;
    size_t count;
    uint32_t first_slot;
    uint32_t end_slot;
};

static int reserve_bulk_slot(struct bulk *bulk) {
    if (bulk->end_slot >= STILLMINE_MAX_VALUES) {
        return STILLMINE_INDEX_FULL;
    }
    if (bulk->end_slot >> STILLMINE_CHUNK_BITS < bulk->index->store.chunk_count) {
        return STILLMINE_INDEX_OK;
    }
    stillmine_begin_write(&bulk->index->searches);
    const bool is_reserved = stillmine_reserve_slot(&bulk->index->store, bulk->end_slot);
    stillmine_end_write(&bulk->index->searches);
    return is_reserved ? STILLMINE_INDEX_OK : STILLMINE_INDEX_NO_MEMORY;
}

static int take_value(struct bulk *bulk, size_t number, uint64_t hash) {
    struct stillmine_store *store = &bulk->index->store;
    const uint8_t *id = bulk->ids + number * STILLMINE_ID_BYTES;
    const uint8_t *value = bulk->values + number * STILLMINE_FINGERPRINT_BYTES;
    const uint32_t slot = stillmine_find_slot(store, id, hash);
    if (slot != STILLMINE_NO_SLOT && slot < bulk->first_slot) {
        uint64_t permuted[4];
        stillmine_permute_value(bulk->index, value, permuted);
        return stillmine_add_locked(bulk->index, id, permuted);
    }
    if (slot != STILLMINE_NO_SLOT) {
        stillmine_permute_value(bulk->index, value, stillmine_get_value(store, slot));
        return STILLMINE_INDEX_OK;
    }
    const int status = reserve_bulk_slot(bulk);
    if (status != STILLMINE_INDEX_OK) {
        return status;
    }
    memcpy(stillmine_get_id(store, bulk->end_slot), id, STILLMINE_ID_BYTES);
    stillmine_permute_value(bulk->index, value, stillmine_get_value(store, bulk->end_slot));
    if (!stillmine_enter_id(store, hash, bulk->end_slot)) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    bulk->end_slot++;
    return STILLMINE_INDEX_OK;
}

static int take_values(struct bulk *bulk) {
    uint64_t hashes[BATCH];
    int status = STILLMINE_INDEX_OK;
    for (size_t start = 0; start < bulk->count && status == STILLMINE_INDEX_OK; start += BATCH) {
        const size_t count = bulk->count - start < BATCH ? bulk->count - start : BATCH;
        for (size_t i = 0; i < count; i++) {
            hashes[i] = stillmine_hash_id(bulk->ids + (start + i) * STILLMINE_ID_BYTES);
            stillmine_prefetch_id(&bulk->index->store, hashes[i]);
        }
        for (size_t i = 0; i < count && status == STILLMINE_INDEX_OK; i++) {
            status = take_value(bulk, start + i, hashes[i]);
        }
    }
    return status;
}

static void show_values(struct bulk *bulk, struct stillmine_bands *bands) {
    struct stillmine_store *store = &bulk->index->store;
    struct stillmine_bands *old = bulk->index->bands;
    stillmine_begin_write(&bulk->index->searches);
    for (uint32_t slot = bulk->first_slot; slot < bulk->end_slot; slot++) {
        store->live[slot >> STILLMINE_CHUNK_BITS][slot % STILLMINE_CHUNK_SLOTS / 64] |= UINT64_C(1) << slot % 64;
    }
    store->live_count += bulk->end_slot - bulk->first_slot;
    store->slot_count = bulk->end_slot;
    bulk->index->bands = bands;
    stillmine_end_write(&bulk->index->searches);
    bulk->index->churn = 0;
    bulk->index->failed_at = 0;
    stillmine_discard_bands(old);
}

static int add_bulk(stillmine_index *index, const uint8_t *ids, const uint8_t *values, size_t count, uint32_t threads) {
    struct bulk bulk = {index, ids, values, count, index->store.slot_count, index->store.slot_count};
    struct stillmine_bands *bands = NULL;
    if (!stillmine_reserve_ids(&index->store, (uint64_t)index->store.live_count + count)) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    const int status = take_values(&bulk);
    const uint32_t total = index->store.live_count + bulk.end_slot - bulk.first_slot;
    stillmine_cancel_rebuild(index);
    if (total >= STILLMINE_MIN_INDEXED) {
        bands = stillmine_create_bands(total, bulk.end_slot);
    }
    if (bands != NULL && !stillmine_fill_bands(bands, &index->store, 0, bulk.end_slot, bulk.first_slot, threads)) {
        stillmine_discard_bands(bands);
        bands = NULL; /* searches look at every value, and new bands are tried as the index grows */
    }
    show_values(&bulk, bands);
    index->failed_at = total >= STILLMINE_MIN_INDEXED && bands == NULL ? total : 0;
    return status;
}

static int add_piece(stillmine_index *index, const uint8_t *ids, const uint8_t *values, size_t count) {
    int status = STILLMINE_INDEX_OK;
    for (size_t i = 0; i < count && status == STILLMINE_INDEX_OK; i++) {
        uint64_t permuted[4];
        stillmine_permute_value(index, values + i * STILLMINE_FINGERPRINT_BYTES, permuted);
        status = stillmine_add_locked(index, ids + i * STILLMINE_ID_BYTES, permuted);
    }
    return status;
}

int stillmine_add_values(stillmine_index *index, const uint8_t *ids, const uint8_t *values, size_t count,
                         uint32_t threads) {
    int status = STILLMINE_INDEX_OK;
    if (threads < 1 || threads > STILLMINE_MAX_THREADS) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    pthread_mutex_lock(&index->updates);
    const bool is_bulk = count >= FEWEST_BULK && count >= index->store.live_count / 4;
    if (is_bulk) {
        status = add_bulk(index, ids, values, count, threads);
    }
    pthread_mutex_unlock(&index->updates);
    for (size_t start = 0; !is_bulk && start < count && status == STILLMINE_INDEX_OK; start += PIECE) {
        const size_t piece = count - start < PIECE ? count - start : PIECE;
        pthread_mutex_lock(&index->updates);
        status =
            add_piece(index, ids + start * STILLMINE_ID_BYTES, values + start * STILLMINE_FINGERPRINT_BYTES, piece);
        pthread_mutex_unlock(&index->updates);
    }
    return status;
}
