/* SPDX-License-Identifier: Apache-2.0 */
/* Which regions a case is given. What is drawn (words, an app's interface), repeated (tiles, a fence) or around the
 * picture would recognise pictures that have nothing else in common. */
#include "regions_parts.h"
#include "stillmine/trims.h"

#define SAMPLES 1024
#define EVEN_SAMPLES 460 /* a region with more of one tone, 45 per cent, is drawn */
#define TONES 256
#define TONE_REACH 3 /* luma steps */
#define CELLS 4        /* along each axis: a crop shall keep its share of regions */
#define OF_EACH_CELL 3
#define OF_THE_MIDDLE (STILLMINE_ENROLLED_REGIONS / 3)
#define MIDDLE_MARGIN 5 /* a fifth of the picture, off every side */
#define VALUE_FORMAT 1
#define SAME_BITS 48   /* in which hashes of one thing may differ */

/* How many samples are of the commonest tone. */
static uint32_t count_even(const uint8_t samples[SAMPLES]) {
    uint32_t counts[TONES] = {0};
    uint32_t best = 0;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        counts[samples[i]]++;
    }
    for (uint32_t first = 0; first + 2 * TONE_REACH < TONES; first++) {
        uint32_t sum = 0;
        for (uint32_t tone = first; tone <= first + 2 * TONE_REACH; tone++) {
            sum += counts[tone];
        }
        best = sum > best ? sum : best;
    }
    return best;
}

static int is_drawn(const struct stillmine_base *base, const struct stillmine_region *region) {
    uint8_t samples[SAMPLES];
    const struct stillmine_placed frame = stillmine_place_region(base->width, base->height, 100, region->geometry);
    stillmine_sample_patch(base, &frame, samples);
    return count_even(samples) > EVEN_SAMPLES;
}

static uint32_t count_bits(uint32_t word) {
    word -= (word >> 1) & UINT32_C(0x55555555);
    word = (word & UINT32_C(0x33333333)) + ((word >> 2) & UINT32_C(0x33333333));
    return (((word + (word >> 4)) & UINT32_C(0x0f0f0f0f)) * UINT32_C(0x01010101)) >> 24;
}

static uint32_t word_of(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int is_alike(const uint8_t *one, const uint8_t *other) {
    uint32_t differing = 0;
    for (int i = 0; i < STILLMINE_HASH_BYTES && differing <= SAME_BITS; i += 4) {
        differing += count_bits(word_of(one + i) ^ word_of(other + i));
    }
    return differing <= SAME_BITS;
}

static int64_t x_of(const uint8_t *geometry) {
    return geometry[0] << 4 | geometry[1] >> 4;
}

static int64_t y_of(const uint8_t *geometry) {
    return (geometry[1] & 15) << 8 | geometry[2];
}

/* Whether two regions lie apart by more than half the radius of the smaller; in 1/4096 pixel of the view. */
static int is_apart(const struct stillmine_region *one, const struct stillmine_region *other, uint32_t width,
                    uint32_t height) {
    const uint32_t byte = one->geometry[3] < other->geometry[3] ? one->geometry[3] : other->geometry[3];
    const int64_t half = stillmine_radius_of(byte) / 32;
    const int64_t right = (x_of(one->geometry) - x_of(other->geometry)) * width;
    const int64_t down = (y_of(one->geometry) - y_of(other->geometry)) * height;
    return right * right + down * down > half * half;
}

static int is_equal(const uint8_t *one, const uint8_t *other, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        if (one[i] != other[i]) {
            return 0;
        }
    }
    return 1;
}

/* Drops every region that lies elsewhere too, and the second of two that say the same. */
static void drop_repeats(const struct stillmine_region *regions, uint32_t count, uint32_t width, uint32_t height,
                         uint8_t *is_dropped) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (is_alike(regions[i].hash, regions[j].hash) && is_apart(regions + i, regions + j, width, height)) {
                is_dropped[i] = 1;
                is_dropped[j] = 1;
            }
            if (is_equal(regions[i].hash, regions[j].hash, STILLMINE_HASH_BYTES) ||
                is_equal(regions[i].geometry, regions[j].geometry, STILLMINE_GEOMETRY_BYTES)) {
                is_dropped[i] = 1;
            }
        }
    }
}

/* The smallest picture that may be inside; all of it where there are no bars. */
static struct stillmine_part find_inner(const struct stillmine_base *base) {
    struct stillmine_part parts[STILLMINE_MAX_PARTS];
    struct stillmine_part inner = {0, 0, base->width, base->height, {0}};
    const uint32_t count = stillmine_find_parts(base->levels, base->width, base->width, base->height, parts);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t area = (uint64_t)(parts[i].right - parts[i].left) * (parts[i].bottom - parts[i].top);
        if (area < (uint64_t)(inner.right - inner.left) * (inner.bottom - inner.top)) {
            inner = parts[i];
        }
    }
    return inner;
}

/* As far outside as a region may lie of its picture: 15 per cent of its radius. */
static int is_within(const struct stillmine_base *base, const struct stillmine_part *part,
                     const struct stillmine_region *region) {
    const struct stillmine_placed frame = stillmine_place_region(base->width, base->height, 100, region->geometry);
    const uint64_t pixels = stillmine_square_root((uint64_t)base->width * base->height << 32) / 256;
    const int64_t radius = (int64_t)((stillmine_radius_of(region->geometry[3]) >> 8) * pixels >> 8);
    const int64_t reach = radius - 15 * radius / 100;
    return frame.centre[0] - reach >= (int64_t)part->left * 65536 &&
           frame.centre[0] + reach <= (int64_t)part->right * 65536 &&
           frame.centre[1] - reach >= (int64_t)part->top * 65536 &&
           frame.centre[1] + reach <= (int64_t)part->bottom * 65536;
}

/* Three fifths of each side: what a hard crop leaves. */
static struct stillmine_part find_middle(const struct stillmine_part *part) {
    struct stillmine_part middle = *part;
    middle.left += (part->right - part->left) / MIDDLE_MARGIN;
    middle.right -= (part->right - part->left) / MIDDLE_MARGIN;
    middle.top += (part->bottom - part->top) / MIDDLE_MARGIN;
    middle.bottom -= (part->bottom - part->top) / MIDDLE_MARGIN;
    return middle;
}

/* Takes the best of the middle first, then of each cell, then of all, and leaves them in their order. */
static uint32_t spread(struct stillmine_region *regions, uint32_t count, const uint8_t *is_dropped,
                       const uint8_t *is_middle) {
    uint8_t is_taken[STILLMINE_MAX_REGIONS] = {0};
    uint8_t cells[CELLS * CELLS] = {0};
    uint32_t taken = 0;
    for (int round = 0; round < 3; round++) {
        const uint32_t most = round == 0 ? OF_THE_MIDDLE : STILLMINE_ENROLLED_REGIONS;
        for (uint32_t i = 0; i < count && taken < most; i++) {
            const int64_t column = x_of(regions[i].geometry) * CELLS / 4096;
            uint8_t *cell = cells + y_of(regions[i].geometry) * CELLS / 4096 * CELLS + column;
            const int is_wanted = round == 0 ? is_middle[i] : round > 1 || *cell < OF_EACH_CELL;
            if (!is_dropped[i] && !is_taken[i] && is_wanted) {
                is_taken[i] = 1;
                (*cell)++;
                taken++;
            }
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_taken[i]) {
            regions[kept++] = regions[i];
        }
    }
    return kept;
}

int stillmine_enrol_regions(const struct stillmine_base *base, void *workspace, size_t workspace_bytes,
                            struct stillmine_region regions[STILLMINE_MAX_REGIONS], uint32_t *count) {
    uint32_t found;
    if (count == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    *count = 0;
    const int status = stillmine_find_regions(base, STILLMINE_REGION_AREA, 100, workspace, workspace_bytes, regions,
                                              STILLMINE_MAX_REGIONS, &found);
    if (status != STILLMINE_OK) {
        return status;
    }
    uint32_t width;
    uint32_t height;
    uint8_t is_dropped[STILLMINE_MAX_REGIONS] = {0};
    uint8_t is_middle[STILLMINE_MAX_REGIONS] = {0};
    const struct stillmine_part inner = find_inner(base);
    const struct stillmine_part middle = find_middle(&inner);
    stillmine_measure_view(base->width, base->height, STILLMINE_REGION_AREA, 100, &width, &height);
    drop_repeats(regions, found, width, height, is_dropped);
    for (uint32_t i = 0; i < found; i++) {
        is_dropped[i] |= (uint8_t)(!is_within(base, &inner, regions + i) || is_drawn(base, regions + i));
        is_middle[i] = (uint8_t)is_within(base, &middle, regions + i);
    }
    *count = spread(regions, found, is_dropped, is_middle);
    return STILLMINE_OK;
}

static void copy(uint8_t *target, const uint8_t *source, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        target[i] = source[i];
    }
}

/* Of the view, to the nearest pixel, as it would be without the rounding down of both sides. */
static uint32_t round_side(uint32_t side, uint32_t other) {
    const uint64_t square = ((uint64_t)STILLMINE_REGION_AREA * side << 16) / other;
    return (uint32_t)((stillmine_square_root(square) + 128) >> 8);
}

static uint32_t write_value(const struct stillmine_base *base, const uint8_t *pdq,
                            const struct stillmine_region *regions, uint32_t count, uint8_t *value) {
    const uint32_t sides[2] = {round_side(base->width, base->height), round_side(base->height, base->width)};
    value[0] = VALUE_FORMAT;
    value[1] = (uint8_t)count;
    for (int i = 0; i < 2; i++) {
        value[2 + 2 * i] = (uint8_t)sides[i];
        value[3 + 2 * i] = (uint8_t)(sides[i] >> 8);
    }
    copy(value + 6, pdq, STILLMINE_HASH_BYTES);
    uint8_t *place = value + STILLMINE_VALUE_HEAD_BYTES;
    for (uint32_t i = 0; i < count; i++, place += STILLMINE_VALUE_REGION_BYTES) {
        copy(place, regions[i].hash, STILLMINE_HASH_BYTES);
        copy(place + STILLMINE_HASH_BYTES, regions[i].geometry, STILLMINE_GEOMETRY_BYTES);
    }
    return (uint32_t)(place - value);
}

int stillmine_make_regions_value(const struct stillmine_base *base, const uint8_t pdq[STILLMINE_HASH_BYTES],
                                 void *workspace, size_t workspace_bytes,
                                 struct stillmine_region regions[STILLMINE_MAX_REGIONS],
                                 uint8_t value[STILLMINE_MAX_VALUE_BYTES], uint32_t *value_bytes) {
    if (pdq == NULL || value == NULL || value_bytes == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    uint32_t count;
    *value_bytes = 0;
    const int status = stillmine_enrol_regions(base, workspace, workspace_bytes, regions, &count);
    if (status != STILLMINE_OK) {
        return status;
    }
    if (count >= STILLMINE_FEWEST_REGIONS) {
        *value_bytes = write_value(base, pdq, regions, count, value);
    }
    stillmine_wipe_bytes(regions, STILLMINE_MAX_REGIONS * sizeof *regions);
    return STILLMINE_OK;
}
