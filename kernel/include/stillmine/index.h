/* SPDX-License-Identifier: Apache-2.0 */
/* Exact range search over fingerprints of 32 bytes, updatable while it answers: spec/matching.md says how, and why it
 * is exact.
 *
 * Hosted C11 with pthreads. Every function may be called from any thread, except that an index must not be destroyed
 * while another call uses it. No state outside the index. What is removed is overwritten. */
#ifndef STILLMINE_INDEX_H
#define STILLMINE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stillmine/hamming.h"

#define STILLMINE_ID_BYTES 16
#define STILLMINE_MAX_VALUES ((UINT32_C(1) << 28) - 2)
#define STILLMINE_MAX_DISTANCE_BITS (8 * STILLMINE_FINGERPRINT_BYTES)
#define STILLMINE_MAX_THREADS 256

/* Values are part of the binary interface. */
enum stillmine_index_status {
    STILLMINE_INDEX_OK = 0,
    STILLMINE_INDEX_NO_MEMORY = 1,
    STILLMINE_INDEX_BAD_ARGUMENT = 2,
    STILLMINE_INDEX_FULL = 3,
    STILLMINE_INDEX_FILE_ERROR = 4, /* errno says which */
    STILLMINE_SNAPSHOT_TRUNCATED = 5,
    STILLMINE_SNAPSHOT_DAMAGED = 6,
    STILLMINE_SNAPSHOT_VERSION = 7,
    STILLMINE_SNAPSHOT_KIND = 8
};

/* How distances are counted; what the processor can't do is refused. */
enum stillmine_level { STILLMINE_PORTABLE = 0, STILLMINE_AVX2 = 1, STILLMINE_AVX512 = 2 };

typedef struct stillmine_index stillmine_index;

struct stillmine_hit {
    uint8_t id[STILLMINE_ID_BYTES];
    uint32_t query; /* number of the query */
    uint32_t distance_bits;
};

struct stillmine_hits {
    struct stillmine_hit *items; /* allocated here; stillmine_free_hits gives it back */
    size_t count;
};

int stillmine_create_index(stillmine_index **index);
void stillmine_destroy_index(stillmine_index *index);

/* Adds a value, or replaces the one with this id; found by the next search. */
int stillmine_add_value(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES],
                        const uint8_t value[STILLMINE_FINGERPRINT_BYTES]);

/* The same for many, in order: of two with one id, the later stays. When there is no memory left, some are added. */
int stillmine_add_values(stillmine_index *index, const uint8_t *ids, const uint8_t *values, size_t count,
                         uint32_t threads);

/* Overwrites and forgets; *was_there says whether there was something. Not returned by any search that begins later. */
int stillmine_remove_value(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES], bool *was_there);

bool stillmine_contains_id(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES]);
size_t stillmine_count_values(stillmine_index *index);
size_t stillmine_measure_memory(stillmine_index *index);

/* Every value within max_distance_bits of each of `count` queries, in order of query, distance and id. */
int stillmine_search_index(stillmine_index *index, const uint8_t *queries, size_t count, uint32_t max_distance_bits,
                           uint32_t threads, struct stillmine_hits *hits);

/* Every value within max_distance_bits of any query, once, by its nearest (of equals, the first) query, in order of
 * distance and id; all queries see the same state of the index. */
int stillmine_search_variants(stillmine_index *index, const uint8_t *queries, size_t count, uint32_t max_distance_bits,
                              struct stillmine_hits *hits);
void stillmine_free_hits(struct stillmine_hits *hits);

/* Writes a file that only its owner may read, whole or not at all. Updates wait meanwhile, searches don't. */
int stillmine_write_snapshot(stillmine_index *index, const char *path);

/* Maps and checks a file; later updates stay in memory. The file must not be changed in place, only replaced. */
int stillmine_open_snapshot(const char *path, stillmine_index **index);

/* For tests and measurements: wait until no rebuild is under way; count distances in this way. */
void stillmine_settle_index(stillmine_index *index);
int stillmine_choose_level(stillmine_index *index, int level);

#endif
