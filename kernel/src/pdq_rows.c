/* SPDX-License-Identifier: Apache-2.0 */
/* Written so that a plain C compiler vectorises it: up to eight rows at once, in 16-bit lanes.
 *
 * A group of rows whose weights sum to at most 257 cannot overflow 16 bits (257 * 255 = 65535), so the products are
 * summed there and widened once per group. Only taps of the last sample and of very tall pictures weigh more. */
#include "pdq_rows.h"

#define GROUP 8
#define GROUP_WEIGHT 257

static inline __attribute__((always_inline)) void add_group(uint32_t *restrict plane, const uint8_t *restrict first,
                                                            size_t stride, const uint32_t *weights, size_t bytes,
                                                            const int count) {
    uint16_t narrow[GROUP];
    for (int row = 0; row < count; row++) {
        narrow[row] = (uint16_t)weights[row];
    }
    for (size_t i = 0; i < bytes; i++) {
        uint16_t sum = 0;
        for (int row = 0; row < count; row++) {
            sum = (uint16_t)(sum + (uint16_t)(narrow[row] * first[(size_t)row * stride + i]));
        }
        plane[i] += sum;
    }
}

static void add_heavy_row(uint32_t *restrict plane, const uint8_t *restrict row, uint32_t weight, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        plane[i] += weight * row[i];
    }
}

/* The largest of 8, 4, 2, 1 rows that may share 16-bit sums; 0 if not even one may. */
static uint32_t choose_group(const uint32_t *weights, uint32_t count) {
    for (uint32_t size = GROUP; size >= 1; size /= 2) {
        uint32_t sum = 0;
        for (uint32_t row = 0; row < size && row < count; row++) {
            sum += weights[row];
        }
        if (size <= count && sum <= GROUP_WEIGHT) {
            return size;
        }
    }
    return 0;
}

void stillmine_add_weighted_rows(uint32_t *plane, struct stillmine_rows rows, const uint32_t *weights) {
    const uint8_t *first = rows.first;
    for (uint32_t done = 0; done < rows.count;) {
        const uint32_t size = choose_group(weights + done, rows.count - done);
        switch (size) {
        case 8:
            add_group(plane, first, rows.stride, weights + done, rows.bytes, 8);
            break;
        case 4:
            add_group(plane, first, rows.stride, weights + done, rows.bytes, 4);
            break;
        case 2:
            add_group(plane, first, rows.stride, weights + done, rows.bytes, 2);
            break;
        case 1:
            add_group(plane, first, rows.stride, weights + done, rows.bytes, 1);
            break;
        default:
            add_heavy_row(plane, first, weights[done], rows.bytes);
        }
        const uint32_t taken = size > 0 ? size : 1;
        done += taken;
        first += (size_t)taken * rows.stride;
    }
}

static int is_opaque(const uint8_t *row, size_t bytes) {
    uint8_t common = 255;
    for (size_t i = 3; i < bytes; i += 4) {
        common &= row[i];
    }
    return common == 255;
}

uint32_t stillmine_count_opaque_rows(struct stillmine_rows rows) {
    uint32_t count = 0;
    while (count < rows.count && is_opaque(rows.first + (size_t)count * rows.stride, rows.bytes)) {
        count++;
    }
    return count;
}

void stillmine_flatten_row(const uint8_t *row, uint8_t *flattened, uint32_t width) {
    for (size_t i = 0; i < (size_t)width * 4; i += 4) {
        const uint32_t alpha = row[i + 3];
        for (size_t channel = 0; channel < 3; channel++) {
            const uint32_t blended = row[i + channel] * alpha + 255 * (255 - alpha);
            flattened[i + channel] = (uint8_t)((blended + 127) / 255);
        }
        flattened[i + 3] = 255;
    }
}
