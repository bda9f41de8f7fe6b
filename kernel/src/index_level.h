/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops, for each kind of processor. */
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

#define STILLMINE_BLOCK_LINES 64
/* Candidates that a block may give, and what a loop may write behind them. */
#define STILLMINE_BLOCK_CANDIDATES (STILLMINE_BLOCK_LINES * 12 + 8)

struct stillmine_candidate {
    uint32_t slot;
    uint32_t query;
};

/* Lines of one band, and for which queries they are read. */
struct stillmine_block {
    const union stillmine_line *lines[STILLMINE_BLOCK_LINES];
    uint16_t queries[STILLMINE_BLOCK_LINES];
    uint16_t sketches[STILLMINE_BLOCK_LINES]; /* of these */
    uint8_t limits[STILLMINE_BLOCK_LINES]; /* for the whole sketch */
    uint8_t own_limits[STILLMINE_BLOCK_LINES]; /* for its part from the band itself */
    uint32_t count;
    uint16_t own_mask; /* that part */
    enum stillmine_form form;
};

/* Writes every entry of the lines whose sketch is within the limits and whose slot is below slot_count; returns how
 * many. Lines that are heavy have none. */
typedef size_t stillmine_gather(const struct stillmine_block *block, uint32_t slot_count,
                                struct stillmine_candidate *candidates);

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
    stillmine_gather *gather;
    stillmine_scan *scan;
    stillmine_measure *measure;
    stillmine_compare *compare;
};

bool stillmine_has_level(int level);
int stillmine_best_level(void);
struct stillmine_loops stillmine_choose_loops(int level);

/* The bits of a sketch that a line holds. */
static inline uint16_t stillmine_compared_bits(enum stillmine_form form) {
    return form == STILLMINE_PACKED ? (uint16_t)stillmine_low_mask(STILLMINE_PACKED_SKETCH_BITS) : UINT16_MAX;
}

/* A bit for each entry of a line. */
static inline uint32_t stillmine_entry_mask(uint32_t header) {
    return (header & 15) == STILLMINE_HEAVY ? 0 : (1u << (header & 15)) - 1;
}

static inline uint32_t stillmine_count_difference(const uint64_t left[4], const uint64_t right[4]) {
    return (uint32_t)(__builtin_popcountll(left[0] ^ right[0]) + __builtin_popcountll(left[1] ^ right[1]) +
                      __builtin_popcountll(left[2] ^ right[2]) + __builtin_popcountll(left[3] ^ right[3]));
}

#endif
