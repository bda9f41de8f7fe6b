/* SPDX-License-Identifier: Apache-2.0 */
/* What an index of ids with several values gives out, and takes back when it is no longer needed. */
#include <stdlib.h>
#include <string.h>

#include "index_finder.h"

uint32_t stillmine_copy_values(const stillmine_index *index, uint32_t number, uint8_t *values, uint8_t *notes) {
    const struct stillmine_store *store = &index->store;
    const uint32_t count = *stillmine_get_count(store, number);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t slot = number * store->shape.most_values + i;
        stillmine_restore_value(index, stillmine_get_value(store, slot),
                                values + i * (size_t)STILLMINE_FINGERPRINT_BYTES);
        if (store->shape.value_note_bytes > 0) {
            memcpy(notes + i * (size_t)store->shape.value_note_bytes, stillmine_get_note(store, slot),
                   store->shape.value_note_bytes);
        }
    }
    return count;
}

int stillmine_read_group(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES], uint8_t *id_note,
                         uint8_t *values, uint8_t *value_notes, uint32_t *count) {
    const struct stillmine_store *store = &index->store;
    *count = 0;
    if (!stillmine_has_groups(store)) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    pthread_mutex_lock(&index->updates);
    const uint32_t number = stillmine_find_number(store, id, stillmine_hash_id(id));
    if (number != STILLMINE_NO_NUMBER) {
        memcpy(id_note, stillmine_get_id_note(store, number), store->shape.id_note_bytes);
        *count = stillmine_copy_values(index, number, values, value_notes);
    }
    pthread_mutex_unlock(&index->updates);
    return STILLMINE_INDEX_OK;
}

void stillmine_free_shared(struct stillmine_shared_list *list) {
    free(list->items);
    free(list->pairs);
    free(list->values);
    free(list->value_notes);
    free(list->id_notes);
    free(list->alone);
    *list = (struct stillmine_shared_list){0};
}
