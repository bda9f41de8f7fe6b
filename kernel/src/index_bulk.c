/* SPDX-License-Identifier: Apache-2.0 */
/* Many at once: new slots are written where no search looks yet, the bands are made again for all, and then both appear
 * together. */
#include <string.h>

#include "index_parts.h"

#define FEWEST_BULK 4096
#define PIECE 256
#define BATCH 32

struct bulk {
    stillmine_index *index;
    const struct stillmine_groups *groups; /* with no counts: one value each, and no notes */
    size_t next_value; /* of the next id, among the values of all */
    uint32_t first_number;
    uint32_t end_number;
};

static uint32_t count_of(const struct stillmine_groups *groups, size_t place) {
    return groups->counts == NULL ? 1 : groups->counts[place];
}

/* The entry at this place, its values permuted to `values`; comes to the next. */
static struct stillmine_entry read_entry(struct bulk *bulk, size_t place,
                                         uint64_t values[STILLMINE_MOST_VALUES][STILLMINE_VALUE_WORDS]) {
    const struct stillmine_groups *groups = bulk->groups;
    const struct stillmine_shape *shape = &bulk->index->store.shape;
    struct stillmine_entry entry = {.id = groups->ids + place * STILLMINE_ID_BYTES, .count = count_of(groups, place)};
    entry.values = (const uint64_t (*)[STILLMINE_VALUE_WORDS])values;
    if (groups->counts != NULL) {
        entry.id_note = groups->id_notes + place * shape->id_note_bytes;
        entry.value_notes = groups->value_notes + bulk->next_value * shape->value_note_bytes;
    }
    for (uint32_t i = 0; i < entry.count; i++) {
        stillmine_permute_value(bulk->index, groups->values + (bulk->next_value + i) * STILLMINE_FINGERPRINT_BYTES,
                                values[i]);
    }
    bulk->next_value += entry.count;
    return entry;
}

static int make_bulk_room(struct bulk *bulk) {
    if (bulk->end_number >= STILLMINE_MAX_VALUES / bulk->index->store.shape.most_values) {
        return STILLMINE_INDEX_FULL;
    }
    if (stillmine_has_room(&bulk->index->store, bulk->end_number)) {
        return STILLMINE_INDEX_OK;
    }
    stillmine_begin_write(&bulk->index->searches);
    const bool has_room = stillmine_make_room(&bulk->index->store, bulk->end_number);
    stillmine_end_write(&bulk->index->searches);
    return has_room ? STILLMINE_INDEX_OK : STILLMINE_INDEX_NO_MEMORY;
}

static void wipe_number(struct stillmine_store *store, uint32_t number) {
    const uint32_t first = number * store->shape.most_values;
    for (uint32_t i = 0; i < store->shape.most_values; i++) {
        memset(stillmine_get_value(store, first + i), 0, STILLMINE_FINGERPRINT_BYTES);
        if (store->shape.value_note_bytes > 0) {
            memset(stillmine_get_note(store, first + i), 0, store->shape.value_note_bytes);
        }
    }
}

static int take_entry(struct bulk *bulk, size_t place, uint64_t hash) {
    uint64_t values[STILLMINE_MOST_VALUES][STILLMINE_VALUE_WORDS];
    struct stillmine_store *store = &bulk->index->store;
    const struct stillmine_entry entry = read_entry(bulk, place, values);
    const uint32_t number = stillmine_find_number(store, entry.id, hash);
    if (number != STILLMINE_NO_NUMBER && number < bulk->first_number) {
        return stillmine_add_locked(bulk->index, &entry);
    }
    if (number != STILLMINE_NO_NUMBER) {
        wipe_number(store, number); /* a second time in the same bulk, perhaps with fewer values */
        stillmine_write_entry(store, number, &entry);
        return STILLMINE_INDEX_OK;
    }
    const int status = make_bulk_room(bulk);
    if (status != STILLMINE_INDEX_OK) {
        return status;
    }
    stillmine_write_entry(store, bulk->end_number, &entry);
    if (!stillmine_enter_id(store, hash, bulk->end_number)) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    bulk->end_number++;
    return STILLMINE_INDEX_OK;
}

static int take_entries(struct bulk *bulk) {
    uint64_t hashes[BATCH];
    int status = STILLMINE_INDEX_OK;
    for (size_t start = 0; start < bulk->groups->count && status == STILLMINE_INDEX_OK; start += BATCH) {
        const size_t left = bulk->groups->count - start;
        const size_t count = left < BATCH ? left : BATCH;
        for (size_t i = 0; i < count; i++) {
            hashes[i] = stillmine_hash_id(bulk->groups->ids + (start + i) * STILLMINE_ID_BYTES);
            stillmine_prefetch_id(&bulk->index->store, hashes[i]);
        }
        for (size_t i = 0; i < count && status == STILLMINE_INDEX_OK; i++) {
            status = take_entry(bulk, start + i, hashes[i]);
        }
    }
    return status;
}

/* Live bits of ids that have several values, of which some may have been replaced by fewer. */
static uint32_t show_number(struct stillmine_store *store, uint32_t number) {
    const uint32_t first = number * store->shape.most_values;
    const uint32_t count = stillmine_has_groups(store) ? *stillmine_get_count(store, number) : 1;
    for (uint32_t i = 0; i < count; i++) {
        stillmine_set_live(store, first + i, true);
    }
    return count;
}

static uint32_t count_new(const struct bulk *bulk) {
    const struct stillmine_store *store = &bulk->index->store;
    uint32_t count = stillmine_has_groups(store) ? 0 : bulk->end_number - bulk->first_number;
    for (uint32_t number = bulk->first_number; stillmine_has_groups(store) && number < bulk->end_number; number++) {
        count += *stillmine_get_count(store, number);
    }
    return count;
}

/* All live values and those of the new numbers into new bands; both are seen at once. */
static void show_numbers(struct bulk *bulk, uint32_t threads) {
    stillmine_index *index = bulk->index;
    struct stillmine_store *store = &index->store;
    const uint32_t most = store->shape.most_values;
    const uint32_t total = store->live_count + count_new(bulk);
    const bool has_bands = total >= STILLMINE_MIN_INDEXED && !index->is_loading;
    struct stillmine_bands *old = index->bands;
    stillmine_cancel_rebuild(index);
    struct stillmine_bands *bands = has_bands ? stillmine_create_bands(store, total, bulk->end_number * most) : NULL;
    if (bands != NULL &&
        !stillmine_fill_bands(bands, store, 0, bulk->end_number * most, bulk->first_number * most, threads)) {
        stillmine_discard_bands(bands);
        bands = NULL; /* searches look at every value, and new bands are tried as the index grows */
    }
    stillmine_begin_write(&index->searches);
    for (uint32_t number = bulk->first_number; number < bulk->end_number; number++) {
        store->live_count += show_number(store, number);
    }
    store->slot_count = bulk->end_number * most;
    index->bands = bands;
    index->bands_changed++;
    stillmine_end_write(&index->searches);
    index->churn = 0;
    index->failed_at = has_bands && bands == NULL ? total : 0;
    stillmine_discard_bands(old);
}

static int add_bulk(stillmine_index *index, const struct stillmine_groups *groups, uint32_t threads) {
    const uint32_t numbers = index->store.slot_count / index->store.shape.most_values;
    struct bulk bulk = {.index = index, .groups = groups, .first_number = numbers, .end_number = numbers};
    /* While it is loaded in small pieces, tables of ids grow as they do otherwise. */
    if (groups->count >= numbers / 4 && !stillmine_reserve_ids(&index->store, (uint64_t)numbers + groups->count)) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    const int status = take_entries(&bulk);
    show_numbers(&bulk, threads);
    return status;
}

static int add_piece(struct bulk *bulk, size_t start, size_t count) {
    int status = STILLMINE_INDEX_OK;
    for (size_t i = 0; i < count && status == STILLMINE_INDEX_OK; i++) {
        uint64_t values[STILLMINE_MOST_VALUES][STILLMINE_VALUE_WORDS];
        const struct stillmine_entry entry = read_entry(bulk, start + i, values);
        status = stillmine_add_locked(bulk->index, &entry);
    }
    return status;
}

static int add_groups(stillmine_index *index, const struct stillmine_groups *groups, uint32_t threads) {
    struct bulk bulk = {.index = index, .groups = groups};
    int status = STILLMINE_INDEX_OK;
    if (threads < 1 || threads > STILLMINE_MAX_THREADS) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    pthread_mutex_lock(&index->updates);
    const uint32_t most = index->store.shape.most_values;
    const bool is_many = groups->count * most >= FEWEST_BULK && groups->count * most >= index->store.live_count / 4;
    const bool is_bulk = is_many || (index->is_loading && groups->count > 1);
    if (is_bulk) {
        status = add_bulk(index, groups, threads);
    }
    pthread_mutex_unlock(&index->updates);
    for (size_t start = 0; !is_bulk && start < groups->count && status == STILLMINE_INDEX_OK; start += PIECE / most) {
        const size_t left = groups->count - start;
        pthread_mutex_lock(&index->updates);
        status = add_piece(&bulk, start, left < PIECE / most ? left : PIECE / most);
        pthread_mutex_unlock(&index->updates);
    }
    return status;
}

int stillmine_add_values(stillmine_index *index, const uint8_t *ids, const uint8_t *values, size_t count,
                         uint32_t threads) {
    const struct stillmine_groups groups = {.ids = ids, .values = values, .count = count};
    return stillmine_has_groups(&index->store) ? STILLMINE_INDEX_BAD_ARGUMENT : add_groups(index, &groups, threads);
}

int stillmine_add_groups(stillmine_index *index, const struct stillmine_groups *groups, uint32_t threads) {
    bool is_right = stillmine_has_groups(&index->store);
    for (size_t i = 0; is_right && i < groups->count; i++) {
        is_right = groups->counts[i] > 0 && groups->counts[i] <= index->store.shape.most_values;
    }
    return is_right ? add_groups(index, groups, threads) : STILLMINE_INDEX_BAD_ARGUMENT;
}

void stillmine_begin_loading(stillmine_index *index) {
    pthread_mutex_lock(&index->updates);
    struct stillmine_bands *old = index->bands;
    index->is_loading = true;
    stillmine_cancel_rebuild(index);
    stillmine_begin_write(&index->searches);
    index->bands = NULL;
    index->bands_changed++;
    stillmine_end_write(&index->searches);
    stillmine_discard_bands(old);
    pthread_mutex_unlock(&index->updates);
}

int stillmine_end_loading(stillmine_index *index, uint32_t threads) {
    if (threads < 1 || threads > STILLMINE_MAX_THREADS) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    pthread_mutex_lock(&index->updates);
    const uint32_t numbers = index->store.slot_count / index->store.shape.most_values;
    struct bulk nothing = {.index = index, .first_number = numbers, .end_number = numbers};
    index->is_loading = false;
    show_numbers(&nothing, threads);
    const bool has_failed = index->failed_at != 0;
    pthread_mutex_unlock(&index->updates);
    return has_failed ? STILLMINE_INDEX_NO_MEMORY : STILLMINE_INDEX_OK;
}
