/* SPDX-License-Identifier: Apache-2.0 */
/* How the 256 bits are cut into bands, and how far from the query each band is searched. Arithmetic only. */
#ifndef STILLMINE_INDEX_LAYOUT_H
#define STILLMINE_INDEX_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define STILLMINE_MIN_BANDS 4
#define STILLMINE_MAX_BANDS 32
#define STILLMINE_MIN_INDEX_BITS 6
#define STILLMINE_MAX_INDEX_BITS 28
#define STILLMINE_MAX_HOME_LINES 64
#define STILLMINE_MAX_SPLIT_BITS 8
#define STILLMINE_SKETCH_BITS 16
#define STILLMINE_PACKED_SKETCH_BITS 14
/* The distance of a match: layouts are chosen for it. */
#define STILLMINE_USUAL_DISTANCE 31
/* Tests lower them, to meet the wider forms early. */
#ifndef STILLMINE_NARROW_SLOTS
#define STILLMINE_NARROW_SLOTS (UINT32_C(1) << 24)
#endif
#ifndef STILLMINE_PACKED_SLOTS
#define STILLMINE_PACKED_SLOTS (UINT32_C(1) << 26)
#endif
/* Below, looking at every value is faster. */
#define STILLMINE_MIN_INDEXED 2048

/* How a line holds entries: slots of 24, 26 or 32 bits. Only an index whose ids have several values packs. */
enum stillmine_form { STILLMINE_NARROW = 0, STILLMINE_WIDE = 1, STILLMINE_PACKED = 2 };

struct stillmine_band {
    uint16_t offset; /* first bit in the permuted value */
    uint8_t width;
    uint8_t index_bits; /* the lowest bits of the band choose the bucket */
    uint8_t rest_bits; /* the next bits of the band, and ... */
    uint8_t next_bits; /* ... the lowest bits of the following band, make the sketch of an entry */
    uint16_t home_lines; /* lines of a bucket that stand together */
    /* Above 1: a bucket has so many lines, and the bits of the band that follow index_bits choose one of them. */
    uint8_t split_lines;
    uint8_t split_bits;
};

struct stillmine_layout {
    uint32_t band_count;
    enum stillmine_form form;
    bool has_groups; /* ids have several values */
    uint32_t planned; /* number of values it was made for */
    struct stillmine_band bands[STILLMINE_MAX_BANDS];
};

/* The layout for so many values in so many slots. */
void stillmine_plan_layout(uint32_t count, uint32_t slots, bool has_groups, struct stillmine_layout *layout);

/* Whether lines can't name slots from here on. */
static inline bool stillmine_is_beyond(const struct stillmine_layout *layout, uint32_t slot) {
    return (layout->form == STILLMINE_NARROW && slot >= STILLMINE_NARROW_SLOTS) ||
           (layout->form == STILLMINE_PACKED && slot >= STILLMINE_PACKED_SLOTS);
}

/* Fills in offsets and sketches from widths and index bits; false if they make no layout. */
bool stillmine_complete_layout(struct stillmine_layout *layout);

/* Radii (-1: not searched) with sum(radius + 1) = max_distance_bits + 1; false if looking at all `count` is cheaper. */
bool stillmine_plan_radii(const struct stillmine_layout *layout, uint32_t max_distance_bits, uint32_t count,
                          int radii[STILLMINE_MAX_BANDS]);

static inline uint64_t stillmine_low_mask(uint32_t bits) {
    return bits >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << bits) - 1;
}

static inline uint64_t stillmine_extract_bits(const uint64_t value[4], uint32_t offset, uint32_t width) {
    if (width == 0) { /* the offset may be the end */
        return 0;
    }
    const uint32_t word = offset / 64;
    const uint32_t shift = offset % 64;
    uint64_t bits = value[word] >> shift;
    if (shift + width > 64) {
        bits |= value[word + 1] << (64 - shift);
    }
    return bits & stillmine_low_mask(width);
}

static inline uint32_t stillmine_count_lines(const struct stillmine_band *band) {
    return band->split_lines > 1 ? band->split_lines : 1;
}

/* Of the lines of a split bucket, the one for these bits. */
static inline uint32_t stillmine_split_line(const struct stillmine_band *band, uint32_t split) {
    return split * band->split_lines >> band->split_bits;
}

/* The lowest index_bits of a band. */
static inline uint32_t stillmine_find_key(const struct stillmine_band *band, const uint64_t value[4]) {
    return (uint32_t)stillmine_extract_bits(value, band->offset, band->index_bits);
}

static inline uint32_t stillmine_find_split(const struct stillmine_band *band, const uint64_t value[4]) {
    return (uint32_t)stillmine_extract_bits(value, (uint32_t)band->offset + band->index_bits, band->split_bits);
}

#define STILLMINE_STREWN_BITS 6 /* lines that can lean on each other: a table's 64 */

/* Of a split bucket, the key as the table counts it: some keys have many times as many values as others, and alike keys
 * have alike many; so they are strewn. Each key has one place. */
static inline uint32_t stillmine_strew_key(const struct stillmine_band *band, uint32_t key) {
    const uint32_t half = (band->index_bits + 1u) / 2u;
    uint32_t strewn = key ^ key >> half;
    strewn = strewn * UINT32_C(0x9E3779B1) & (uint32_t)stillmine_low_mask(band->index_bits);
    return strewn ^ strewn >> half;
}

/* Where a line of a split bucket stands: each 64 lines of a table are of 64 strewn keys, and evenly of every line. */
static inline uint32_t stillmine_place_line(const struct stillmine_band *band, uint32_t strewn, uint32_t line) {
    const uint32_t member = strewn & ((1u << STILLMINE_STREWN_BITS) - 1);
    const uint32_t turned = (line + member) % band->split_lines;
    return ((strewn >> STILLMINE_STREWN_BITS) * band->split_lines + turned) << STILLMINE_STREWN_BITS | member;
}

/* The bucket of a value; where buckets are split, each of their lines is a bucket to the table. */
static inline uint32_t stillmine_find_bucket(const struct stillmine_band *band, const uint64_t value[4]) {
    const uint32_t key = stillmine_find_key(band, value);
    if (band->split_lines < 2) {
        return key;
    }
    const uint32_t line = stillmine_split_line(band, stillmine_find_split(band, value));
    return stillmine_place_line(band, stillmine_strew_key(band, key), line);
}

static inline uint16_t stillmine_make_sketch(const struct stillmine_layout *layout, uint32_t number,
                                             const uint64_t value[4]) {
    const struct stillmine_band *band = &layout->bands[number];
    const struct stillmine_band *next = &layout->bands[(number + 1) % layout->band_count];
    const uint64_t rest = stillmine_extract_bits(value, (uint32_t)band->offset + band->index_bits, band->rest_bits);
    const uint64_t following = stillmine_extract_bits(value, next->offset, band->next_bits);
    return (uint16_t)(rest | following << band->rest_bits);
}

#endif
