/* SPDX-License-Identifier: Apache-2.0 */
/* The index as a whole: made, measured, given back. */
#include "stillmine/index.h"

#include <stdlib.h>

#include "index_memory.h"
#include "index_parts.h"

int stillmine_create_index(stillmine_index **created) {
    return stillmine_create_shaped(created, (struct stillmine_shape){.most_values = 1});
}

int stillmine_create_shaped(stillmine_index **created, struct stillmine_shape shape) {
    *created = NULL;
    stillmine_index *index = calloc(1, sizeof *index);
    if (index == NULL) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    if (!stillmine_create_store(&index->store, shape)) {
        free(index);
        return STILLMINE_INDEX_NO_MEMORY;
    }
    pthread_mutex_init(&index->updates, NULL);
    pthread_cond_init(&index->rebuild_ended, NULL);
    if (!stillmine_prepare_lock(&index->searches)) {
        stillmine_discard_store(&index->store);
        free(index);
        return STILLMINE_INDEX_NO_MEMORY;
    }
    index->level = stillmine_best_level();
    stillmine_prepare_permutation(index);
    *created = index;
    return STILLMINE_INDEX_OK;
}

void stillmine_destroy_index(stillmine_index *index) {
    if (index == NULL) {
        return;
    }
    pthread_mutex_lock(&index->updates);
    index->is_closing = true;
    stillmine_cancel_rebuild(index);
    while (index->rebuilders > 0) {
        pthread_cond_wait(&index->rebuild_ended, &index->updates);
    }
    pthread_mutex_unlock(&index->updates);
    stillmine_discard_bands(index->bands);
    stillmine_discard_store(&index->store);
    stillmine_unmap_memory(index->mapping, index->mapping_bytes);
    stillmine_discard_lock(&index->searches);
    pthread_cond_destroy(&index->rebuild_ended);
    pthread_mutex_destroy(&index->updates);
    free(index);
}

size_t stillmine_count_values(stillmine_index *index) {
    stillmine_begin_read(&index->searches);
    const size_t count = index->store.live_count;
    stillmine_end_read(&index->searches);
    return count;
}

size_t stillmine_measure_memory(stillmine_index *index) {
    pthread_mutex_lock(&index->updates);
    size_t bytes = sizeof *index + stillmine_measure_store(&index->store);
    for (uint32_t i = 0; i < STILLMINE_MAX_BANDS; i++) {
        bytes += index->bands != NULL ? stillmine_measure_table(&index->bands->tables[i]) : 0;
        bytes += index->rebuild != NULL ? stillmine_measure_table(&index->rebuild->bands->tables[i]) : 0;
    }
    pthread_mutex_unlock(&index->updates);
    return bytes;
}

int stillmine_choose_level(stillmine_index *index, int level) {
    if (level < STILLMINE_PORTABLE || level > STILLMINE_AVX512 || !stillmine_has_level(level)) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    stillmine_begin_write(&index->searches);
    index->level = level;
    stillmine_end_write(&index->searches);
    return STILLMINE_INDEX_OK;
}
