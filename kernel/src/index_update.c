/* SPDX-License-Identifier: Apache-2.0 */
/* One value in, one out. Searches wait only while tables really change; what is removed is overwritten at once. */
#include <stdlib.h>
#include <string.h>

#include "index_parts.h"

/* Bands that lack a value would miss it: without memory there are none, and every search looks at every value. */
static void drop_bands(stillmine_index *index, uint32_t failed_at) {
    stillmine_discard_bands(index->bands);
    index->bands = NULL;
    index->bands_changed++;
    index->failed_at = failed_at;
}

static void insert_everywhere(stillmine_index *index, const uint64_t value[4], uint32_t slot) {
    struct stillmine_rebuild *rebuild = index->rebuild;
    if (index->bands != NULL && stillmine_is_beyond(&index->bands->layout, slot)) {
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

void stillmine_write_entry(struct stillmine_store *store, uint32_t number, const struct stillmine_entry *entry) {
    const uint32_t first = number * store->shape.most_values;
    memcpy(stillmine_get_id(store, number), entry->id, STILLMINE_ID_BYTES);
    if (stillmine_has_groups(store)) {
        memcpy(stillmine_get_id_note(store, number), entry->id_note, store->shape.id_note_bytes);
        *stillmine_get_count(store, number) = (uint8_t)entry->count;
    }
    for (uint32_t i = 0; i < entry->count; i++) {
        memcpy(stillmine_get_value(store, first + i), entry->values[i], STILLMINE_FINGERPRINT_BYTES);
        if (store->shape.value_note_bytes > 0) {
            memcpy(stillmine_get_note(store, first + i), entry->value_notes + i * store->shape.value_note_bytes,
                   store->shape.value_note_bytes);
        }
    }
}

static uint32_t count_of(const struct stillmine_store *store, uint32_t number) {
    return stillmine_has_groups(store) ? *stillmine_get_count(store, number) : 1;
}

/* While no search reads. */
static void show_entry(stillmine_index *index, uint32_t number, const struct stillmine_entry *entry) {
    const uint32_t first = number * index->store.shape.most_values;
    stillmine_write_entry(&index->store, number, entry);
    for (uint32_t i = 0; i < entry->count; i++) {
        stillmine_set_live(&index->store, first + i, true);
        insert_everywhere(index, entry->values[i], first + i);
    }
    index->store.live_count += entry->count;
}

/* While no search reads: nothing is left of values and notes. */
static void erase_values(stillmine_index *index, uint32_t number) {
    struct stillmine_store *store = &index->store;
    const uint32_t first = number * store->shape.most_values;
    const uint32_t count = count_of(store, number);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t *value = stillmine_get_value(store, first + i);
        erase_everywhere(index, value, first + i);
        memset(value, 0, STILLMINE_FINGERPRINT_BYTES);
        stillmine_set_live(store, first + i, false);
        if (store->shape.value_note_bytes > 0) {
            memset(stillmine_get_note(store, first + i), 0, store->shape.value_note_bytes);
        }
    }
    store->live_count -= count;
    index->churn += count;
}

static void replace_entry(stillmine_index *index, uint32_t number, const struct stillmine_entry *entry) {
    const uint64_t *stored = stillmine_get_value(&index->store, number * index->store.shape.most_values);
    if (!stillmine_has_groups(&index->store) && memcmp(stored, entry->values, STILLMINE_FINGERPRINT_BYTES) == 0) {
        return;
    }
    stillmine_begin_write(&index->searches);
    erase_values(index, number);
    show_entry(index, number, entry);
    stillmine_end_write(&index->searches);
}

/* Lists of chunks may move, so searches wait for that too. */
static bool make_room(stillmine_index *index, uint32_t number) {
    if (stillmine_has_room(&index->store, number)) {
        return true;
    }
    stillmine_begin_write(&index->searches);
    const bool has_room = stillmine_make_room(&index->store, number);
    stillmine_end_write(&index->searches);
    return has_room;
}

static int add_new(stillmine_index *index, const struct stillmine_entry *entry, uint64_t hash) {
    struct stillmine_store *store = &index->store;
    const uint32_t most = store->shape.most_values;
    const bool is_reused = store->free_number != 0;
    const uint32_t number = is_reused ? store->free_number - 1 : store->slot_count / most;
    if (number >= STILLMINE_MAX_VALUES / most) {
        return STILLMINE_INDEX_FULL;
    }
    if (!make_room(index, number) || !stillmine_enter_id(store, hash, number)) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    if (is_reused) {
        memcpy(&store->free_number, stillmine_get_id(store, number), sizeof store->free_number);
    }
    stillmine_begin_write(&index->searches);
    store->slot_count += is_reused ? 0 : most;
    show_entry(index, number, entry);
    stillmine_end_write(&index->searches);
    index->churn += is_reused ? entry->count : 0;
    return STILLMINE_INDEX_OK;
}

int stillmine_add_locked(stillmine_index *index, const struct stillmine_entry *entry) {
    const uint64_t hash = stillmine_hash_id(entry->id);
    const uint32_t number = stillmine_find_number(&index->store, entry->id, hash);
    int status = STILLMINE_INDEX_OK;
    if (number != STILLMINE_NO_NUMBER) {
        replace_entry(index, number, entry);
    } else {
        status = add_new(index, entry, hash);
    }
    stillmine_consider_rebuild(index);
    return status;
}

int stillmine_add_value(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES],
                        const uint8_t value[STILLMINE_FINGERPRINT_BYTES]) {
    uint64_t permuted[1][STILLMINE_VALUE_WORDS];
    if (stillmine_has_groups(&index->store)) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    stillmine_permute_value(index, value, permuted[0]);
    const struct stillmine_entry entry = {
        .id = id, .values = (const uint64_t (*)[STILLMINE_VALUE_WORDS])permuted, .count = 1};
    pthread_mutex_lock(&index->updates);
    const int status = stillmine_add_locked(index, &entry);
    pthread_mutex_unlock(&index->updates);
    return status;
}

static void remove_number(stillmine_index *index, uint32_t number, uint64_t hash) {
    struct stillmine_store *store = &index->store;
    uint8_t *id = stillmine_get_id(store, number);
    stillmine_begin_write(&index->searches);
    erase_values(index, number);
    stillmine_end_write(&index->searches);
    stillmine_forget_id(store, hash, number);
    memset(id, 0, store->id_bytes);
    memcpy(id, &store->free_number, sizeof store->free_number);
    store->free_number = number + 1;
}

int stillmine_remove_value(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES], bool *was_there) {
    const uint64_t hash = stillmine_hash_id(id);
    pthread_mutex_lock(&index->updates);
    const uint32_t number = stillmine_find_number(&index->store, id, hash);
    *was_there = number != STILLMINE_NO_NUMBER;
    if (*was_there) {
        remove_number(index, number, hash);
        stillmine_consider_rebuild(index);
    }
    pthread_mutex_unlock(&index->updates);
    return STILLMINE_INDEX_OK;
}

bool stillmine_contains_id(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES]) {
    const uint64_t hash = stillmine_hash_id(id);
    pthread_mutex_lock(&index->updates);
    const bool is_there = stillmine_find_number(&index->store, id, hash) != STILLMINE_NO_NUMBER;
    pthread_mutex_unlock(&index->updates);
    return is_there;
}
