/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a snapshot: spec/matching.md. A page of header, then sections that each begin on a page. */
#ifndef STILLMINE_INDEX_SNAPSHOT_H
#define STILLMINE_INDEX_SNAPSHOT_H

#include "index_parts.h"

#define STILLMINE_SNAPSHOT_MAGIC "STILLIDX"
#define STILLMINE_SNAPSHOT_FORMAT 1
#define STILLMINE_SNAPSHOT_HAMMING 1
#define STILLMINE_PAGE 4096
#define STILLMINE_NATIVE_ORDER UINT32_C(0x01020304)
#define STILLMINE_SECTIONS (5 + 2 * STILLMINE_MAX_BANDS)

struct stillmine_snapshot_band {
    uint8_t width;
    uint8_t index_bits;
    uint16_t home_lines;
    uint32_t overflow_count;
};

struct stillmine_snapshot_header {
    char magic[8];
    uint32_t byte_order;
    uint32_t format;
    uint32_t kind;
    uint32_t slot_count;
    uint32_t live_count;
    uint32_t churn;
    uint32_t band_count; /* 0: none */
    uint32_t planned;
    uint32_t is_wide;
    uint32_t id_entries;
    uint64_t file_bytes;
    uint64_t body_hash;
    struct stillmine_snapshot_band bands[STILLMINE_MAX_BANDS];
    uint8_t reserved[STILLMINE_PAGE - 72 - 8 * STILLMINE_MAX_BANDS];
    uint64_t header_hash; /* of everything before it */
};

/* In this order, each padded with zeros to a page; the last two repeat for each band. */
enum stillmine_section {
    STILLMINE_VALUES,
    STILLMINE_IDS,
    STILLMINE_LIVE,
    STILLMINE_CAPACITIES,
    STILLMINE_ENTRIES,
    STILLMINE_HOME,
    STILLMINE_OVERFLOW
};

/* Eight lanes, each changed one to one by its words: a change within one lane is never missed. */
struct stillmine_hash {
    uint64_t lanes[8];
};

void stillmine_begin_hash(struct stillmine_hash *hash);
/* A multiple of 64 bytes. */
void stillmine_update_hash(struct stillmine_hash *hash, const void *bytes, size_t length);
uint64_t stillmine_finish_hash(const struct stillmine_hash *hash);
uint64_t stillmine_hash_header(const struct stillmine_snapshot_header *header);

/* Bytes of a section without padding, from a header whose bands make a layout. */
uint64_t stillmine_measure_section(const struct stillmine_snapshot_header *header, uint32_t section);
uint32_t stillmine_count_sections(const struct stillmine_snapshot_header *header);

static inline uint64_t stillmine_pad_section(uint64_t bytes) {
    return (bytes + STILLMINE_PAGE - 1) / STILLMINE_PAGE * STILLMINE_PAGE;
}

/* Whether what an opened index points to is within it; sets up what is counted rather than stored. */
bool stillmine_check_store(struct stillmine_store *store);
bool stillmine_check_table(struct stillmine_table *table, uint32_t slot_count);

#endif
