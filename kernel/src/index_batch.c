/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates of many queries, compared in full chunk by chunk. */
#include "index_batch.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CANDIDATES ((size_t)4096)
#define MOST_CANDIDATES ((size_t)1 << 20)
#define MOST_CHUNKS (STILLMINE_MAX_VALUES / STILLMINE_CHUNK_SLOTS + 1)
#define AT_ONCE 64

static bool grow(struct stillmine_batch *batch) {
    const size_t capacity = batch->capacity == 0 ? FIRST_CANDIDATES : 2 * batch->capacity;
    struct stillmine_candidate *candidates = realloc(batch->candidates, capacity * sizeof *candidates);
    batch->candidates = candidates != NULL ? candidates : batch->candidates;
    struct stillmine_candidate *sorted = realloc(batch->sorted, capacity * sizeof *sorted);
    batch->sorted = sorted != NULL ? sorted : batch->sorted;
    if (candidates == NULL || sorted == NULL) {
        return false;
    }
    batch->capacity = capacity;
    return true;
}

bool stillmine_push_candidate(struct stillmine_batch *batch, uint32_t slot, uint32_t query) {
    if (batch->count == MOST_CANDIDATES && !stillmine_check_batch(batch)) {
        return false;
    }
    if (batch->count == batch->capacity && !grow(batch)) {
        return false;
    }
    batch->candidates[batch->count++] = (struct stillmine_candidate){slot, query};
    return true;
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
    const uint64_t *values[AT_ONCE];
    const uint64_t *queries[AT_ONCE];
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
