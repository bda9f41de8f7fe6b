/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of sections and the checksum: what writing and opening must agree on. */
#include "index_snapshot.h"

#include <string.h>

#define MULTIPLIER UINT64_C(0x9FB21C651E98DF25)

_Static_assert(sizeof(struct stillmine_snapshot_header) == STILLMINE_PAGE, "the header is one page");
_Static_assert(sizeof(union stillmine_line) == STILLMINE_LINE_BYTES, "a line is one cache line");

void stillmine_begin_hash(struct stillmine_hash *hash) {
    for (uint32_t i = 0; i < 8; i++) {
        hash->lanes[i] = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    }
}

/* The turn brings the high bits, which a multiplication only ever changes upwards, down again. */
static inline uint64_t step(uint64_t lane, uint64_t word) {
    lane = (lane ^ word) * MULTIPLIER;
    return lane << 29 | lane >> 35;
}

void stillmine_update_hash(struct stillmine_hash *hash, const void *bytes, size_t length) {
    const uint8_t *from = bytes;
    struct stillmine_hash now = *hash;
    for (size_t at = 0; at + 64 <= length; at += 64) {
        uint64_t words[8];
        memcpy(words, from + at, sizeof words);
        for (uint32_t i = 0; i < 8; i++) {
            now.lanes[i] = step(now.lanes[i], words[i]);
        }
    }
    *hash = now;
}

uint64_t stillmine_finish_hash(const struct stillmine_hash *hash) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 8; i++) {
        sum = step(sum, hash->lanes[i] ^ hash->lanes[i] >> 32);
    }
    return sum ^ sum >> 32;
}

uint64_t stillmine_hash_header(const struct stillmine_snapshot_header *header) {
    struct stillmine_snapshot_header copy = *header;
    struct stillmine_hash hash;
    copy.header_hash = 0;
    stillmine_begin_hash(&hash);
    stillmine_update_hash(&hash, &copy, sizeof copy);
    return stillmine_finish_hash(&hash);
}

uint32_t stillmine_count_sections(const struct stillmine_snapshot_header *header) {
    return STILLMINE_HOME + 2 * header->band_count;
}

uint64_t stillmine_measure_section(const struct stillmine_snapshot_header *header, uint32_t section) {
    switch (section) {
    case STILLMINE_VALUES:
        return (uint64_t)header->slot_count * STILLMINE_FINGERPRINT_BYTES;
    case STILLMINE_IDS:
        return (uint64_t)header->slot_count * STILLMINE_ID_BYTES;
    case STILLMINE_LIVE:
        return ((uint64_t)header->slot_count + 63) / 64 * sizeof(uint64_t);
    case STILLMINE_CAPACITIES:
        return STILLMINE_SEGMENTS * sizeof(uint32_t);
    case STILLMINE_ENTRIES:
        return (uint64_t)header->id_entries * sizeof(uint32_t);
    default:
        break;
    }
    const struct stillmine_snapshot_band *band = &header->bands[(section - STILLMINE_HOME) / 2];
    if ((section - STILLMINE_HOME) % 2 == 0) {
        return ((uint64_t)band->home_lines << band->index_bits) * STILLMINE_LINE_BYTES;
    }
    return (uint64_t)band->overflow_count * STILLMINE_LINE_BYTES;
}
