/* SPDX-License-Identifier: Apache-2.0 */
/* One value in, one out. Searches wait only while tables really change; what is removed is overwritten at once. */
#include <stdlib.h>
#include <string.h>

#include "index_parts.h"

/* Bands that lack a value would miss it: without memory there are none, and every search looks at every value. */
static void drop_bands(stillmine_index *index, uint32_t failed_at) {
    stillmine_discard_bands(index->bands);
    index->bands = NULL;
    index->failed_at = failed_at;
}

static void insert_everywhere(stillmine_index *index, const uint64_t value[4], uint32_t slot) {
    struct stillmine_rebuild *rebuild = index->rebuild;
    if (index->bands != NULL && !index->bands->layout.is_wide && slot >= STILLMINE_NARROW_SLOTS) {
        drop_bands(index, 0);
    } else if (index->bands != NULL && !stillmine_insert_slot(index->bands, value, slot)) {
        drop_bands(index, index->store.live_count);
    }
    if (rebuild != NULL && slot < rebuild->next_slot) {
        rebuild->has_failed = rebuild->has_failed || !stillmine_insert_slot(rebuild->bands, value, slot);
    }
}

static void erase_everywhere(stillmine_index *index, const uint64_t value[4], uint32_t slot) {
    struct stillmine_rebuild *rebuild = index->rebuild;
    if (index->bands != NULL) {
        stillmine_erase_slot(index->bands, value, slot);
    }
    if (rebuild != NULL && slot < rebuild->next_slot) {
        stillmine_erase_slot(rebuild->bands, value, slot);
    }
}

static void replace_value(stillmine_index *index, uint32_t slot, const uint64_t value[4]) {
    uint64_t *stored = stillmine_get_value(&index->store, slot);
    if (memcmp(stored, value, STILLMINE_FINGERPRINT_BYTES) == 0) {
        return;
    }
    stillmine_begin_write(&index->searches);
    erase_everywhere(index, stored, slot);
    memcpy(stored, value, STILLMINE_FINGERPRINT_BYTES);
    insert_everywhere(index, value, slot);
    stillmine_end_write(&index->searches);
    index->churn++;
}

/* The chunk's list may move, so searches wait for that too. */
static bool reserve_slot(stillmine_index *index, uint32_t slot) {
    if (slot >> STILLMINE_CHUNK_BITS < index->store.chunk_count) {
        return true;
    }
    stillmine_begin_write(&index->searches);
    const bool is_reserved = stillmine_reserve_slot(&index->store, slot);
    stillmine_end_write(&index->searches);
    return is_reserved;
}

static int add_new(stillmine_index *index, const uint8_t *id, const uint64_t value[4], uint64_t hash) {
    struct stillmine_store *store = &index->store;
    const bool is_reused = store->free_slot != 0;
    const uint32_t slot = is_reused ? store->free_slot - 1 : store->slot_count;
    if (slot >= STILLMINE_MAX_VALUES) {
        return STILLMINE_INDEX_FULL;
    }
    if (!reserve_slot(index, slot) || !stillmine_enter_id(store, hash, slot)) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    if (is_reused) {
        memcpy(&store->free_slot, stillmine_get_id(store, slot), sizeof store->free_slot);
    }
    memcpy(stillmine_get_id(store, slot), id, STILLMINE_ID_BYTES);
    stillmine_begin_write(&index->searches);
    memcpy(stillmine_get_value(store, slot), value, STILLMINE_FINGERPRINT_BYTES);
    store->live[slot >> STILLMINE_CHUNK_BITS][slot % STILLMINE_CHUNK_SLOTS / 64] |= UINT64_C(1) << slot % 64;
    store->slot_count += is_reused ? 0 : 1;
    store->live_count++;
    insert_everywhere(index, value, slot);
    stillmine_end_write(&index->searches);
    index->churn += is_reused ? 1 : 0;
    return STILLMINE_INDEX_OK;
}

int stillmine_add_locked(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES], const uint64_t value[4]) {
    const uint64_t hash = stillmine_hash_id(id);
    const uint32_t slot = stillmine_find_slot(&index->store, id, hash);
    int status = STILLMINE_INDEX_OK;
    if (slot != STILLMINE_NO_SLOT) {
        replace_value(index, slot, value);
    } else {
        status = add_new(index, id, value, hash);
    }
    stillmine_consider_rebuild(index);
    return status;
}

int stillmine_add_value(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES],
                        const uint8_t value[STILLMINE_FINGERPRINT_BYTES]) {
    uint64_t permuted[4];
    stillmine_permute_value(index, value, permuted);
    pthread_mutex_lock(&index->updates);
    const int status = stillmine_add_locked(index, id, permuted);
    pthread_mutex_unlock(&index->updates);
    return status;
}

static void remove_slot(stillmine_index *index, uint32_t slot, uint64_t hash) {
    struct stillmine_store *store = &index->store;
    uint64_t *value = stillmine_get_value(store, slot);
    uint8_t *id = stillmine_get_id(store, slot);
    stillmine_begin_write(&index->searches);
    erase_everywhere(index, value, slot);
    memset(value, 0, STILLMINE_FINGERPRINT_BYTES);
    store->live[slot >> STILLMINE_CHUNK_BITS][slot % STILLMINE_CHUNK_SLOTS / 64] &= ~(UINT64_C(1) << slot % 64);
    store->live_count--;
    stillmine_end_write(&index->searches);
    stillmine_forget_id(store, hash, slot);
    memset(id, 0, STILLMINE_ID_BYTES);
    memcpy(id, &store->free_slot, sizeof store->free_slot);
    store->free_slot = slot + 1;
    index->churn++;
}

int stillmine_remove_value(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES], bool *was_there) {
    const uint64_t hash = stillmine_hash_id(id);
    pthread_mutex_lock(&index->updates);
    const uint32_t slot = stillmine_find_slot(&index->store, id, hash);
    *was_there = slot != STILLMINE_NO_SLOT;
    if (*was_there) {
        remove_slot(index, slot, hash);
        stillmine_consider_rebuild(index);
    }
    pthread_mutex_unlock(&index->updates);
    return STILLMINE_INDEX_OK;
}

bool stillmine_contains_id(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES]) {
    const uint64_t hash = stillmine_hash_id(id);
    pthread_mutex_lock(&index->updates);
    const bool is_there = stillmine_find_slot(&index->store, id, hash) != STILLMINE_NO_SLOT;
    pthread_mutex_unlock(&index->updates);
    return is_there;
}
