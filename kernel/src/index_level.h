/* SPDX-License-Identifier: Apache-2.0 */
/* The two inner loops, for each kind of processor. */
#ifndef STILLMINE_INDEX_LEVEL_H
#define STILLMINE_INDEX_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index_table.h"

/* Sets bit i of masks[j] if sketch i of lines[j] differs from sketches[j] in at most limits[j] of the compared bits.
 * Bits beyond the entries of a line mean nothing. */
typedef void stillmine_filter(const union stillmine_line *const *lines, const uint16_t *sketches, const uint8_t *limits,
                              size_t count, uint16_t compared, uint16_t *masks);

/* Writes the number of every value within the distance to `near` (which has room for `count`); returns how many. */
typedef size_t stillmine_scan(const uint64_t *values, size_t count, const uint64_t query[4], uint32_t max_distance_bits,
                              uint32_t *near);

/* Bits in which each of the values differs from the query. */
typedef void stillmine_measure(const uint64_t *const *values, size_t count, const uint64_t query[4], uint16_t *bits);

/* Bits in which each of the values differs from its own query. */
typedef void stillmine_compare(const uint64_t *const *values, const uint64_t *const *queries, size_t count,
                               uint16_t *bits);

struct stillmine_loops {
    stillmine_filter *filter;
    stillmine_scan *scan;
    stillmine_measure *measure;
    stillmine_compare *compare;
};

bool stillmine_has_level(int level);
int stillmine_best_level(void);
struct stillmine_loops stillmine_choose_loops(int level);

static inline uint32_t stillmine_count_difference(const uint64_t left[4], const uint64_t right[4]) {
    return (uint32_t)(__builtin_popcountll(left[0] ^ right[0]) + __builtin_popcountll(left[1] ^ right[1]) +
                      __builtin_popcountll(left[2] ^ right[2]) + __builtin_popcountll(left[3] ^ right[3]));
}

#endif
