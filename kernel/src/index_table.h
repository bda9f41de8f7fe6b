/* SPDX-License-Identifier: Apache-2.0 */
/* One band's table: buckets made of cache lines, each holding twelve (or ten) entries of a sketch and a slot.
 *
 * A full bucket of one line puts entries into a neighbour's line, and says so; a bucket whose neighbours are full as
 * well, or that has several lines, chains lines. A bucket with too long a chain gives up its entries and is `heavy`: a
 * search that meets it looks at every value instead. */
#ifndef STILLMINE_INDEX_TABLE_H
#define STILLMINE_INDEX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index_layout.h"

#define STILLMINE_LINE_BYTES 64
/* A bucket of one line may lean on so many neighbours. */
#define STILLMINE_MAX_NEIGHBOURS 15u
#define STILLMINE_HEAVY 15u
/* Lines in a chain; then looking at every value is not much slower, and removing from it would be. Where ids have
 * several values there are many more values to look at, and marks that thousands of pictures bear. */
#define STILLMINE_MAX_CHAIN 256u
#ifndef STILLMINE_MAX_GROUP_CHAIN /* tests lower it */
#define STILLMINE_MAX_GROUP_CHAIN 4096u
#endif
#define STILLMINE_MAX_OVERFLOW ((UINT32_C(1) << 24) - 2)
#define STILLMINE_OVERFLOW_CHUNK 256u

/* Narrow: 12 sketches, 12 low halves and 12 high bytes of slots, header. Packed: the same, but the two highest bits of
 * a sketch are those of a slot of 26 bits. Wide: 10, 10, 10 high halves, header. Header: bits 0-3 the number of entries
 * (or heavy), bits 4-7 on how many neighbours (in their fixed order) this bucket leans, bits 8-31 the first line of the
 * chain, plus one. A line of a chain has one entry less: where the last sketch would be stands the number of lines from
 * there on. */
union stillmine_line {
    _Alignas(STILLMINE_LINE_BYTES) uint16_t halves[32];
    uint8_t bytes[64];
    uint32_t words[16];
};

struct stillmine_table {
    union stillmine_line *home;
    uint64_t home_count; /* lines */
    union stillmine_line **overflow; /* in pieces of STILLMINE_OVERFLOW_CHUNK */
    uint32_t overflow_count; /* lines ever used */
    uint32_t overflow_chunks;
    uint32_t overflow_free; /* chained by their header, plus one */
    uint16_t home_lines;
    uint16_t most_chained; /* lines */
    enum stillmine_form form;
    bool is_mapped; /* home belongs to a snapshot's mapping */
};

/* All within 64 lines, which is one page. */
static inline uint32_t stillmine_get_neighbour(uint32_t bucket, uint32_t number) {
    static const uint8_t flipped[STILLMINE_MAX_NEIGHBOURS] = {1, 2, 4, 8, 16, 32, 3, 5, 9, 17, 33, 6, 10, 18, 34};
    return bucket ^ flipped[number];
}

static inline uint32_t stillmine_count_neighbours(uint32_t header) {
    return header >> 4 & 15;
}

static inline uint32_t stillmine_line_room(enum stillmine_form form) {
    return form == STILLMINE_WIDE ? 10 : 12;
}

static inline uint32_t stillmine_get_header(const union stillmine_line *line) {
    return line->words[15];
}

static inline uint32_t stillmine_get_slot(const union stillmine_line *line, uint32_t place, enum stillmine_form form) {
    if (form == STILLMINE_WIDE) {
        return (uint32_t)line->halves[10 + place] | (uint32_t)line->halves[20 + place] << 16;
    }
    const uint32_t low = (uint32_t)line->halves[12 + place] | (uint32_t)line->bytes[48 + place] << 16;
    return form == STILLMINE_NARROW ? low : low | (uint32_t)(line->halves[place] >> STILLMINE_PACKED_SKETCH_BITS) << 24;
}

static inline union stillmine_line *stillmine_get_overflow(const struct stillmine_table *table, uint32_t number) {
    return &table->overflow[number / STILLMINE_OVERFLOW_CHUNK][number % STILLMINE_OVERFLOW_CHUNK];
}

static inline union stillmine_line *stillmine_get_bucket(const struct stillmine_table *table, uint32_t bucket) {
    return &table->home[(uint64_t)bucket * table->home_lines];
}

bool stillmine_create_table(struct stillmine_table *table, const struct stillmine_layout *layout, uint32_t number);
void stillmine_discard_table(struct stillmine_table *table);
size_t stillmine_measure_table(const struct stillmine_table *table);

/* The chains' lines as a snapshot holds them, into a table that has none; false when there is no memory. */
bool stillmine_copy_overflow(struct stillmine_table *table, const uint8_t *lines, uint32_t count);

/* False when there is no memory. */
bool stillmine_insert_entry(struct stillmine_table *table, uint32_t bucket, uint16_t sketch, uint32_t slot);
/* What is not there (its bucket is heavy) is no error. */
void stillmine_erase_entry(struct stillmine_table *table, uint32_t bucket, uint32_t slot);

#endif
