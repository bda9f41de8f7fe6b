/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: the exact scan, with every count, threshold and capacity, against counting bit by bit. */
#include <stdlib.h>
#include <string.h>

#include "stillmine/hamming.h"

#define HEADER_BYTES (2 + STILLMINE_FINGERPRINT_BYTES)

static uint32_t count_bits(const uint8_t *left, const uint8_t *right) {
    uint32_t bits = 0;
    for (int i = 0; i < 8 * STILLMINE_FINGERPRINT_BYTES; i++) {
        bits += (uint32_t)((left[i / 8] ^ right[i / 8]) >> (i % 8) & 1);
    }
    return bits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEADER_BYTES) {
        return 0;
    }
    const uint32_t max_distance_bits = data[0];
    const size_t capacity = data[1] % 16;
    const uint8_t *query = data + 2;
    const size_t count = (size - HEADER_BYTES) / STILLMINE_FINGERPRINT_BYTES;
    uint8_t *fingerprints = malloc(count * STILLMINE_FINGERPRINT_BYTES + 1);
    memcpy(fingerprints, data + HEADER_BYTES, count * STILLMINE_FINGERPRINT_BYTES);
    struct stillmine_near *found = malloc(capacity * sizeof *found + 1);
    const size_t total = stillmine_scan_fingerprints(fingerprints, count, query, max_distance_bits, found, capacity);
    size_t expected = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = count_bits(query, fingerprints + i * STILLMINE_FINGERPRINT_BYTES);
        if (bits != stillmine_measure_distance(query, fingerprints + i * STILLMINE_FINGERPRINT_BYTES)) {
            abort();
        }
        if (bits > max_distance_bits) {
            continue;
        }
        if (expected < capacity && (found[expected].index != i || found[expected].distance_bits != bits)) {
            abort();
        }
        expected++;
    }
    if (total != expected) {
        abort();
    }
    free(found);
    free(fingerprints);
    return 0;
}
