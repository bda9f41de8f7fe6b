/* SPDX-License-Identifier: Apache-2.0 */
/* Which regions a case is given. What is drawn (words, an app's interface) or repeated (tiles, a fence) would recognise
 * pictures that have nothing else in common. */
#include "regions_parts.h"

#define SAMPLES 1024
#define EVEN_SAMPLES 460 /* a region with more of one tone, 45 per cent, is drawn */
#define TONES 256
#define TONE_REACH 3 /* luma steps */
#define SAME_BITS 31 /* in which hashes of one thing may differ */

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

static uint32_t count_differing(const uint8_t *one, const uint8_t *other) {
    uint8_t both[STILLMINE_HASH_BYTES];
    for (int i = 0; i < STILLMINE_HASH_BYTES; i++) {
        both[i] = one[i] ^ other[i];
    }
    return stillmine_count_bits(both);
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

int stillmine_enrol_regions(const struct stillmine_base *base, void *workspace, size_t workspace_bytes,
                            struct stillmine_region regions[STILLMINE_ENROL_LOOKED_AT], uint32_t *count) {
    uint32_t found;
    const int status = stillmine_find_regions(base, STILLMINE_REGION_AREA, 100, workspace, workspace_bytes, regions,
                                              STILLMINE_ENROL_LOOKED_AT, &found);
    if (status != STILLMINE_OK) {
        return status;
    }
    uint32_t width;
    uint32_t height;
    uint8_t is_dropped[STILLMINE_ENROL_LOOKED_AT] = {0};
    stillmine_measure_view(base->width, base->height, STILLMINE_REGION_AREA, 100, &width, &height);
    for (uint32_t i = 0; i < found; i++) {
        is_dropped[i] |= (uint8_t)is_drawn(base, regions + i);
        for (uint32_t j = 0; j < i; j++) {
            if (count_differing(regions[i].hash, regions[j].hash) <= SAME_BITS &&
                is_apart(regions + i, regions + j, width, height)) {
                is_dropped[i] = 1;
                is_dropped[j] = 1;
            }
        }
    }
    *count = 0;
    for (uint32_t i = 0; i < found && *count < STILLMINE_ENROLLED_REGIONS; i++) {
        if (!is_dropped[i]) {
            regions[(*count)++] = regions[i];
        }
    }
    return STILLMINE_OK;
}
