/* SPDX-License-Identifier: Apache-2.0 */
/* Exact scan over fingerprints of 32 bytes. Hosted: it may use what the processor at hand offers. */
#ifndef STILLMINE_HAMMING_H
#define STILLMINE_HAMMING_H

#include <stddef.h>
#include <stdint.h>

#define STILLMINE_FINGERPRINT_BYTES 32

struct stillmine_near {
    size_t index;
    uint32_t distance_bits;
};

/* Writes every fingerprint within max_distance_bits of the query, in order of index, to `found`, at most `capacity`
 * of them, and returns how many there are in all: more than capacity means that some were left out, ask again. */
size_t stillmine_scan_fingerprints(const uint8_t *fingerprints, size_t count,
                                   const uint8_t query[STILLMINE_FINGERPRINT_BYTES], uint32_t max_distance_bits,
                                   struct stillmine_near *found, size_t capacity);

/* Number of bits (0..256) in which two fingerprints differ. */
uint32_t stillmine_measure_distance(const uint8_t left[STILLMINE_FINGERPRINT_BYTES],
                                    const uint8_t right[STILLMINE_FINGERPRINT_BYTES]);

#endif
