/* SPDX-License-Identifier: Apache-2.0 */
/* Gaussian blurs in 16-bit lanes, written so that a plain C compiler vectorises them.
 *
 * A value is at most 255 * 128, so two of them fit 16 bits; their sum times a weight in 1/65536 is rounded down, and
 * half a step for each weight is given back at the beginning. */
#include "regions_parts.h"

static inline uint16_t scale(uint32_t value, uint16_t weight) {
    return (uint16_t)((value * weight) >> 16);
}

/* target[x] from 2 * reach + 1 values around source[x * 1], `stride` apart. */
static inline __attribute__((always_inline)) void blur_line(uint16_t *restrict target, const uint16_t *restrict source,
                                                            size_t stride, uint32_t width, const uint16_t *weights,
                                                            const int reach) {
    uint16_t kept[STILLMINE_MAX_BLUR + 1];
    for (int i = 0; i <= reach; i++) {
        kept[i] = weights[i];
    }
    for (uint32_t x = 0; x < width; x++) {
        const uint16_t *middle = source + x;
        uint16_t sum = (uint16_t)((reach + 1) / 2);
        sum = (uint16_t)(sum + scale(middle[0], kept[0]));
#pragma GCC unroll 8
        for (int i = 1; i <= reach; i++) {
            const uint16_t both = (uint16_t)(*(middle - (size_t)i * stride) + middle[(size_t)i * stride]);
            sum = (uint16_t)(sum + scale(both, kept[i]));
        }
        target[x] = sum;
    }
}

static void blur_by(uint16_t *target, const uint16_t *source, size_t stride, uint32_t width, const uint16_t *weights,
                    uint32_t reach) {
    switch (reach) {
    case 4:
        blur_line(target, source, stride, width, weights, 4);
        break;
    case 5:
        blur_line(target, source, stride, width, weights, 5);
        break;
    case 6:
        blur_line(target, source, stride, width, weights, 6);
        break;
    case 7:
        blur_line(target, source, stride, width, weights, 7);
        break;
    default:
        blur_line(target, source, stride, width, weights, 8);
    }
}

static void copy_row(uint16_t *restrict target, const uint16_t *restrict source, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        target[x] = source[x];
    }
}

/* The first of 2 * reach + 1 rows around y, one `*stride` apart; at the edges the last row is repeated, in `spare`. */
static const uint16_t *rows_around(const uint16_t *source, uint32_t y, uint32_t width, uint32_t height, uint32_t reach,
                                   uint16_t *spare) {
    if (y >= reach && y + reach < height) {
        return source + (size_t)y * width;
    }
    for (uint32_t i = 0; i <= 2 * reach; i++) {
        const uint32_t wanted = y + i < reach ? 0 : y + i - reach;
        const uint32_t row = wanted < height ? wanted : height - 1;
        copy_row(spare + (size_t)i * width, source + (size_t)row * width, width);
    }
    return spare + (size_t)reach * width;
}

void stillmine_blur(uint32_t step, const uint16_t *source, uint16_t *target, uint32_t width, uint32_t height,
                    uint16_t *spare) {
    const uint32_t reach = stillmine_blur_radii[step];
    const uint16_t *weights = stillmine_blurs[step];
    uint16_t *row = spare + STILLMINE_MAX_BLUR;
    uint16_t *block = spare + width + 2 * STILLMINE_MAX_BLUR;
    for (uint32_t y = 0; y < height; y++) {
        blur_by(row, rows_around(source, y, width, height, reach, block), width, width, weights, reach);
        for (uint32_t i = 1; i <= reach; i++) {
            *(row - i) = row[0];
            row[width - 1 + i] = row[width - 1];
        }
        blur_by(target + (size_t)y * width, row, 1, width, weights, reach);
    }
}
