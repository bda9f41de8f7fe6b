/* SPDX-License-Identifier: Apache-2.0 */
/* What finding and answering share when a search is for ids with several values near it. */
#ifndef STILLMINE_INDEX_FINDER_H
#define STILLMINE_INDEX_FINDER_H

#include <stdatomic.h>
#include <stdlib.h>

#include "index_parts.h"

struct stillmine_group_hit {
    uint32_t slot;
    uint32_t query;
};

struct stillmine_group_search {
    stillmine_index *index;
    const uint8_t *queries;
    uint32_t count;
    uint32_t max_distance_bits;
    uint32_t most_values;
    uint32_t number_count; /* when it began; what is newer is not looked for */
    size_t most_hits; /* kept by one thread, of all queries */
    _Atomic uint64_t *bits; /* of each number, its values that were found */
    uint32_t queries_each; /* taken by a thread at once */
    _Atomic uint32_t next_query;
    /* Of each query, written by the thread that has it: whether its hits were not kept, and how often it was found. */
    uint8_t *is_many;
    uint32_t *near;
};

/* What one thread finds. */
struct stillmine_finder {
    struct stillmine_group_search *search;
    struct stillmine_group_hit *hits;
    size_t hit_count;
    size_t hit_capacity;
    uint32_t *numbers; /* every number of which this thread set the first bit */
    size_t number_count;
    size_t number_capacity;
    bool is_ok;
};

/* Room for one more item; false when there is no memory. */
static inline bool stillmine_grow_items(void **items, size_t *capacity, size_t count, size_t item_bytes) {
    if (count < *capacity) {
        return true;
    }
    const size_t larger = *capacity == 0 ? 64 : 2 * *capacity;
    void *grown = realloc(*items, larger * item_bytes);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *capacity = larger;
    return true;
}

/* All values of an id and their notes; returns how many. Under a lock. */
uint32_t stillmine_copy_values(const stillmine_index *index, uint32_t number, uint8_t *values, uint8_t *notes);

/* The second half: ids that are shared now, at most `most`, and all about them. False when there is no memory. */
bool stillmine_answer_groups(const struct stillmine_group_search *search, struct stillmine_finder *finders,
                             uint32_t threads, uint32_t most, uint32_t most_single, struct stillmine_shared_list *list);

#endif
