/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets that many queries visit, in order of memory; and their candidates, compared in full chunk by chunk. */
#include "index_batch.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ITEMS ((size_t)4096)
#define GROUP_LINES 1024u /* 64 KiB of a table: in any order */
#define MOST_GROUPS 8192u
#define MOST_CANDIDATES ((size_t)1 << 18)
#define MOST_CHUNKS (STILLMINE_MAX_VALUES / STILLMINE_CHUNK_SLOTS + 1)
#define AT_ONCE 64

bool stillmine_begin_batch(struct stillmine_batch *batch, uint32_t count) {
    batch->must_scan = calloc(count, 1);
    batch->sketches = calloc(count, sizeof *batch->sketches);
    batch->reads_left = calloc(count, sizeof *batch->reads_left);
    return batch->must_scan != NULL && batch->sketches != NULL && batch->reads_left != NULL;
}

void stillmine_end_batch(struct stillmine_batch *batch) {
    free(batch->must_scan);
    free(batch->sketches);
    free(batch->reads_left);
    free(batch->visits);
    free(batch->sorted_visits);
    free(batch->candidates);
    free(batch->sorted);
}

/* Of two lists of as many items both, or what could be had of them. */
static bool grow(void **items, void **sorted, size_t *capacity, size_t item_bytes) {
    const size_t larger = *capacity == 0 ? FIRST_ITEMS : 2 * *capacity;
    void *grown_items = realloc(*items, larger * item_bytes);
    *items = grown_items != NULL ? grown_items : *items;
    void *grown_sorted = realloc(*sorted, larger * item_bytes);
    *sorted = grown_sorted != NULL ? grown_sorted : *sorted;
    if (grown_items == NULL || grown_sorted == NULL) {
        return false;
    }
    *capacity = larger;
    return true;
}

bool stillmine_grow_visits(struct stillmine_batch *batch) {
    return grow((void **)&batch->visits, (void **)&batch->sorted_visits, &batch->visit_capacity, sizeof *batch->visits);
}

bool stillmine_sort_visits(struct stillmine_batch *batch, uint64_t buckets, uint32_t home_lines) {
    uint32_t *ends = calloc(MOST_GROUPS, sizeof *ends);
    uint32_t shift = 0;
    uint32_t total = 0;
    if (ends == NULL) {
        return false;
    }
    while ((buckets - 1) >> shift >= MOST_GROUPS || home_lines << shift < GROUP_LINES) {
        shift++;
    }
    for (size_t i = 0; i < batch->visit_count; i++) {
        ends[batch->visits[i].bucket >> shift]++;
    }
    for (uint32_t group = 0; group < MOST_GROUPS; group++) {
        const uint32_t count = ends[group];
        ends[group] = total; /* where the group begins; it ends here when all are placed */
        total += count;
    }
    for (size_t i = 0; i < batch->visit_count; i++) {
        batch->sorted_visits[ends[batch->visits[i].bucket >> shift]++] = batch->visits[i];
    }
    free(ends);
    return true;
}

bool stillmine_make_candidate_room(struct stillmine_batch *batch) {
    bool is_ok = true;
    if (batch->count + STILLMINE_BLOCK_CANDIDATES > MOST_CANDIDATES) {
        is_ok = stillmine_check_batch(batch);
    }
    while (is_ok && batch->count + STILLMINE_BLOCK_CANDIDATES > batch->capacity) {
        is_ok = grow((void **)&batch->candidates, (void **)&batch->sorted, &batch->capacity, sizeof *batch->candidates);
    }
    return is_ok;
}

/* Those of one chunk together. */
static bool sort_candidates(struct stillmine_batch *batch) {
    uint32_t *ends = calloc(MOST_CHUNKS + 1, sizeof *ends);
    uint32_t total = 0;
    if (ends == NULL) {
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        ends[batch->candidates[i].slot >> STILLMINE_CHUNK_BITS]++;
    }
    for (uint32_t chunk = 0; chunk < MOST_CHUNKS; chunk++) {
        const uint32_t count = ends[chunk];
        ends[chunk] = total; /* where the chunk begins; it ends here when all are placed */
        total += count;
    }
    for (size_t i = 0; i < batch->count; i++) {
        batch->sorted[ends[batch->candidates[i].slot >> STILLMINE_CHUNK_BITS]++] = batch->candidates[i];
    }
    free(ends);
    return true;
}

static void compare_some(struct stillmine_batch *batch, const struct stillmine_candidate *some, size_t count,
                         stillmine_compare *compare) {
    const struct stillmine_store *store = &batch->index->store;
    const uint64_t *values[AT_ONCE] = {NULL};
    const uint64_t *queries[AT_ONCE] = {NULL};
    uint16_t bits[AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        values[i] = stillmine_get_value(store, some[i].slot);
        queries[i] = batch->queries[some[i].query];
    }
    compare(values, queries, count, bits);
    for (size_t i = 0; i < count; i++) {
        if (bits[i] <= batch->max_distance_bits && stillmine_is_live(store, some[i].slot)) {
            batch->take(batch->receiver, some[i].slot, some[i].query);
        }
    }
}

bool stillmine_check_batch(struct stillmine_batch *batch) {
    const struct stillmine_loops loops = stillmine_choose_loops(batch->index->level);
    if (batch->count == 0) {
        return true;
    }
    if (!sort_candidates(batch)) {
        return false;
    }
    for (size_t start = 0; start < batch->count; start += AT_ONCE) {
        const size_t count = batch->count - start < AT_ONCE ? batch->count - start : AT_ONCE;
        const size_t ahead = start + AT_ONCE;
        for (size_t i = ahead; i < ahead + AT_ONCE && i < batch->count; i++) {
            __builtin_prefetch(stillmine_get_value(&batch->index->store, batch->sorted[i].slot));
        }
        compare_some(batch, batch->sorted + start, count, loops.compare);
    }
    batch->count = 0;
    return true;
}
