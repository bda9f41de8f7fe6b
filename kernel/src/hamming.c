/* SPDX-License-Identifier: Apache-2.0 */
/* Every fingerprint is looked at, so nothing can be missed: the fast index is measured against this.
 *
 * Must never leave early on a partial distance in a way that depends on the query: a partner's timing would
 * then tell how near an upload is to something on the list. */
#include "stillmine/hamming.h"

#include <string.h>

#define WORDS (STILLMINE_FINGERPRINT_BYTES / sizeof(uint64_t))

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_POPCNT_CLONE 1
#endif

static inline __attribute__((always_inline)) uint32_t distance(const uint64_t query[WORDS], const uint8_t *bytes) {
    uint64_t words[WORDS];
    uint32_t bits = 0;
    memcpy(words, bytes, sizeof words);
    for (size_t i = 0; i < WORDS; i++) {
        bits += (uint32_t)__builtin_popcountll(query[i] ^ words[i]);
    }
    return bits;
}

static inline __attribute__((always_inline)) size_t scan(const uint8_t *fingerprints, size_t count,
                                                         const uint64_t query[WORDS], uint32_t max_distance_bits,
                                                         struct stillmine_near *found, size_t capacity) {
    size_t total = 0;
    for (size_t index = 0; index < count; index++) {
        const uint32_t bits = distance(query, fingerprints + index * STILLMINE_FINGERPRINT_BYTES);
        if (bits <= max_distance_bits) {
            if (total < capacity) {
                found[total] = (struct stillmine_near){index, bits};
            }
            total++;
        }
    }
    return total;
}

#ifdef HAS_POPCNT_CLONE
__attribute__((target("popcnt"))) static size_t scan_popcnt(const uint8_t *fingerprints, size_t count,
                                                            const uint64_t query[WORDS], uint32_t max_distance_bits,
                                                            struct stillmine_near *found, size_t capacity) {
    return scan(fingerprints, count, query, max_distance_bits, found, capacity);
}
#endif

size_t stillmine_scan_fingerprints(const uint8_t *fingerprints, size_t count,
                                   const uint8_t query[STILLMINE_FINGERPRINT_BYTES], uint32_t max_distance_bits,
                                   struct stillmine_near *found, size_t capacity) {
    uint64_t words[WORDS];
    memcpy(words, query, sizeof words);
#ifdef HAS_POPCNT_CLONE
    if (__builtin_cpu_supports("popcnt")) {
        return scan_popcnt(fingerprints, count, words, max_distance_bits, found, capacity);
    }
#endif
    return scan(fingerprints, count, words, max_distance_bits, found, capacity);
}

uint32_t stillmine_measure_distance(const uint8_t left[STILLMINE_FINGERPRINT_BYTES],
                                    const uint8_t right[STILLMINE_FINGERPRINT_BYTES]) {
    uint64_t words[WORDS];
    memcpy(words, left, sizeof words);
    return distance(words, right);
}
