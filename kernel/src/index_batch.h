/* SPDX-License-Identifier: Apache-2.0 */
/* Many queries looked up band by band, and their candidates read in the order in which values stand: with tables of
 * gigabytes, a read anywhere costs several times what one within a band's table does. */
#ifndef STILLMINE_INDEX_BATCH_H
#define STILLMINE_INDEX_BATCH_H

#include "index_parts.h"

struct stillmine_candidate {
    uint32_t slot;
    uint32_t query;
};

struct stillmine_batch {
    const stillmine_index *index;
    const uint64_t (*queries)[STILLMINE_VALUE_WORDS]; /* permuted */
    uint32_t max_distance_bits;
    uint8_t *must_scan; /* of each query: it met a heavy bucket, or too many lines */
    struct stillmine_candidate *candidates;
    struct stillmine_candidate *sorted;
    size_t count;
    size_t capacity;
    /* For each value within the distance, as often as it is found. */
    void (*take)(void *receiver, uint32_t slot, uint32_t query);
    void *receiver;
};

/* All under the lock for reading; false when there is no memory. */
bool stillmine_push_candidate(struct stillmine_batch *batch, uint32_t slot, uint32_t query);
bool stillmine_check_batch(struct stillmine_batch *batch);
/* Looks up queries from `first` up to `end` in one band. */
bool stillmine_probe_batch(struct stillmine_batch *batch, const int *radii, uint32_t number, uint32_t first,
                           uint32_t end);

#endif
