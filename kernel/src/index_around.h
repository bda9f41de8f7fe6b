/* SPDX-License-Identifier: Apache-2.0 */
/* The buckets of a band in which a value may stand that is near another: those whose keys differ in few bits. */
#ifndef STILLMINE_INDEX_AROUND_H
#define STILLMINE_INDEX_AROUND_H

#include "index_layout.h"

/* Takes a bucket, or a line of a split one, whose key differs in so many bits; false: no more are wanted. */
typedef bool stillmine_take_bucket(void *receiver, uint32_t bucket, uint32_t bits);

/* The next larger number with as many bits set. */
static inline uint64_t stillmine_next_combination(uint64_t bits) {
    const uint64_t lowest = bits & (0 - bits);
    const uint64_t carried = bits + lowest;
    return carried | ((bits ^ carried) >> 2 >> __builtin_ctzll(bits));
}

/* lines[n]: the lines of a split bucket that may hold a value whose splitting bits differ from these in at most n. */
static inline void stillmine_choose_lines(const struct stillmine_band *band, uint32_t split, uint32_t most_bits,
                                          uint64_t lines[STILLMINE_MAX_SPLIT_BITS + 1]) {
    uint64_t chosen = 0;
    for (uint32_t bits = 0; bits <= band->split_bits && bits <= most_bits; bits++) {
        uint64_t flipped = stillmine_low_mask(bits);
        do {
            chosen |= UINT64_C(1) << stillmine_split_line(band, split ^ (uint32_t)flipped);
            flipped = bits == 0 ? UINT64_MAX : stillmine_next_combination(flipped);
        } while (flipped <= stillmine_low_mask(band->split_bits));
        lines[bits] = chosen;
    }
}

/* Inlined with what takes them. */
static inline __attribute__((always_inline)) bool stillmine_find_around(const struct stillmine_band *band,
                                                                        const uint64_t value[4], uint32_t radius,
                                                                        stillmine_take_bucket *take, void *receiver) {
    const bool is_split = band->split_lines > 1;
    const uint32_t key = stillmine_find_key(band, value);
    uint64_t lines[STILLMINE_MAX_SPLIT_BITS + 1] = {0};
    bool goes_on = true;
    if (is_split) {
        stillmine_choose_lines(band, stillmine_find_split(band, value), radius, lines);
    }
    for (uint32_t bits = 0; bits <= radius && bits <= band->index_bits && goes_on; bits++) {
        const uint64_t wanted = lines[radius - bits < band->split_bits ? radius - bits : band->split_bits];
        uint64_t flipped = stillmine_low_mask(bits);
        do {
            const uint32_t other = key ^ (uint32_t)flipped;
            const uint32_t strewn = is_split ? stillmine_strew_key(band, other) : other;
            if (!is_split) {
                goes_on = take(receiver, other, bits);
            }
            for (uint64_t left = wanted; left != 0 && goes_on; left &= left - 1) {
                goes_on = take(receiver, stillmine_place_line(band, strewn, (uint32_t)__builtin_ctzll(left)), bits);
            }
            flipped = bits == 0 ? UINT64_MAX : stillmine_next_combination(flipped);
        } while (flipped <= stillmine_low_mask(band->index_bits) && goes_on);
    }
    return goes_on;
}

#endif
