/* SPDX-License-Identifier: Apache-2.0 */
/* Many queries looked up band by band: the buckets they visit are read in the order in which they stand in the table,
 * and their candidates in the order in which values do. With tables of gigabytes a read anywhere may cost thirty times
 * what one near the last does, because the way to its page is in no cache either. */
#ifndef STILLMINE_INDEX_BATCH_H
#define STILLMINE_INDEX_BATCH_H

#include "index_parts.h"

/* A bucket of the band that is looked up, to be read for a query. */
struct stillmine_visit {
    uint32_t bucket;
    uint16_t query;
    uint16_t bits; /* in which its key differs from the query's */
};

#define STILLMINE_MOST_BATCHED 1024u

struct stillmine_batch {
    const stillmine_index *index;
    const uint64_t (*queries)[STILLMINE_VALUE_WORDS]; /* permuted */
    uint32_t max_distance_bits;
    uint8_t *must_scan; /* of each query: it met a heavy bucket, or too many lines */
    struct stillmine_visit *visits;
    struct stillmine_visit *sorted_visits;
    size_t visit_count;
    size_t visit_capacity;
    uint16_t *sketches; /* of each query, in the band that is looked up */
    uint32_t *reads_left; /* of each query, in that band */
    struct stillmine_candidate *candidates;
    struct stillmine_candidate *sorted;
    size_t count;
    size_t capacity;
    /* For each value within the distance, as often as it is found. */
    void (*take)(void *receiver, uint32_t slot, uint32_t query);
    void *receiver;
};

/* Room for what is known of so many queries; false when there is no memory. */
bool stillmine_begin_batch(struct stillmine_batch *batch, uint32_t count);
void stillmine_end_batch(struct stillmine_batch *batch);

/* Room for more of them; false when there is no memory. */
bool stillmine_grow_visits(struct stillmine_batch *batch);

static inline bool stillmine_push_visit(struct stillmine_batch *batch, struct stillmine_visit visit) {
    if (batch->visit_count == batch->visit_capacity && !stillmine_grow_visits(batch)) {
        return false;
    }
    batch->visits[batch->visit_count++] = visit;
    return true;
}

/* Those of neighbouring buckets together; of so many buckets, each with so many lines. */
bool stillmine_sort_visits(struct stillmine_batch *batch, uint64_t buckets, uint32_t home_lines);

/* All under the lock for reading; false when there is no memory. */
/* Room for the candidates of another block: if there are very many already, they are checked first. */
bool stillmine_make_candidate_room(struct stillmine_batch *batch);
bool stillmine_check_batch(struct stillmine_batch *batch);
/* Reads sorted visits from `first` up to `end` in one band. */
bool stillmine_read_visits(struct stillmine_batch *batch, const int *radii, uint32_t number, size_t first, size_t end);

/* Lines besides those of the buckets themselves that a query may read in a band: more, and it looks at every value. */
uint32_t stillmine_limit_reads(const stillmine_index *index);

#endif
