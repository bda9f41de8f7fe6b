/* SPDX-License-Identifier: Apache-2.0 */
/* A view: the base at another size, x and y apart. Each pixel is a mean weighed by a triangle as wide as two of the
 * larger of its own and the base's pixels. */
#include "regions_parts.h"

#define WEIGHT_BITS 14
#define ONE (1 << WEIGHT_BITS)
#define MAX_TAPS STILLMINE_MAX_TAPS_ACROSS

void stillmine_measure_view(uint32_t base_width, uint32_t base_height, uint32_t area, uint32_t stretch, uint32_t *width,
                            uint32_t *height) {
    const uint64_t wide = (uint64_t)area * base_width * stretch / ((uint64_t)100 * base_height);
    const uint64_t high = (uint64_t)area * base_height * 100 / ((uint64_t)base_width * stretch);
    *width = (uint32_t)stillmine_square_root(wide);
    *height = (uint32_t)stillmine_square_root(high);
}

/* The pixels of `length` that one of `places` is made of; weights sum to ONE. */
static void find_taps(uint32_t place, uint32_t places, uint32_t length, struct stillmine_taps *taps) {
    const int64_t middle = (2 * (int64_t)place + 1) * length; /* in 1 / (2 * places) pixel */
    const int64_t reach = 2 * (int64_t)(length > places ? length : places);
    int64_t first = (middle - reach) / (2 * (int64_t)places) - 1;
    first = first < 0 ? 0 : first;
    uint64_t sum = 0;
    int64_t raw[MAX_TAPS];
    taps->first = 0;
    taps->count = 0;
    for (int64_t pixel = first; pixel < length && taps->count < MAX_TAPS; pixel++) {
        const int64_t apart = (2 * pixel + 1) * places - middle;
        const int64_t weight = reach - (apart < 0 ? -apart : apart);
        if (weight > 0) {
            taps->first = taps->count == 0 ? (uint32_t)pixel : taps->first;
            raw[taps->count++] = weight;
            sum += (uint64_t)weight;
        } else if (taps->count > 0) {
            break;
        }
    }
    uint32_t rest = ONE;
    uint32_t largest = 0;
    for (uint32_t i = 0; i < taps->count; i++) {
        taps->weights[i] = (uint16_t)((uint64_t)raw[i] * ONE / sum);
        rest -= taps->weights[i];
        largest = raw[i] > raw[largest] ? i : largest;
    }
    taps->weights[largest] = (uint16_t)(taps->weights[largest] + rest);
}

static void add_row(uint32_t *restrict sums, const uint8_t *restrict row, uint32_t weight, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        sums[x] += (uint32_t)((uint16_t)weight * (uint16_t)row[x]);
    }
}

static uint16_t tone_of(uint32_t luma) {
    const uint32_t whole = luma >> STILLMINE_LUMA_BITS;
    const uint32_t rest = luma & ((1u << STILLMINE_LUMA_BITS) - 1);
    const uint32_t next = stillmine_tones[whole + 1] - (uint32_t)stillmine_tones[whole];
    return (uint16_t)(stillmine_tones[whole] + (next * rest >> STILLMINE_LUMA_BITS));
}

void stillmine_make_view(const struct stillmine_base *base, uint16_t *view, uint32_t width, uint32_t height,
                         uint32_t *row, struct stillmine_taps *across) {
    for (uint32_t x = 0; x < width; x++) {
        find_taps(x, width, base->width, across + x);
    }
    for (uint32_t y = 0; y < height; y++) {
        struct stillmine_taps down;
        find_taps(y, height, base->height, &down);
        for (uint32_t x = 0; x < base->width; x++) {
            row[x] = 0;
        }
        for (uint32_t i = 0; i < down.count; i++) {
            add_row(row, base->levels + (size_t)(down.first + i) * base->width, down.weights[i], base->width);
        }
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t *first = row + across[x].first;
            uint64_t sum = 0;
            for (uint32_t i = 0; i < across[x].count; i++) {
                sum += (uint64_t)across[x].weights[i] * first[i];
            }
            view[(size_t)y * width + x] = tone_of((uint32_t)(sum >> (2 * WEIGHT_BITS - STILLMINE_LUMA_BITS)));
        }
    }
}
