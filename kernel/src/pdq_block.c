/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of PDQ: quality, DCT, median, and the hashes of a picture turned over and swapped.
 *
 * Must never use floating point, and must stay symmetric under negation (division, not shifts, of signed values):
 * then turning over the coefficients is the same as turning over the block. */
#include "pdq_block.h"

#include "pdq_tables.h"

#define SIDE STILLMINE_SIDE
#define HALF (STILLMINE_SIDE / 2)
#define KEPT STILLMINE_KEPT
#define COEFFICIENTS (KEPT * KEPT)
/* After the first pass values are luma times 2^17: |value| <= 255 * 20.4 * 2^17 < 2^30, as a row of cosines has
 * a positive part that sums to 20.4 and sums to zero in all. */
#define PASS_DIVISOR (INT64_C(1) << (STILLMINE_BLOCK_BITS + STILLMINE_COSINE_BITS - 17))

static uint32_t step(int32_t left, int32_t right) {
    const uint32_t difference = left > right ? (uint32_t)(left - right) : (uint32_t)(right - left);
    /* floor(100 * difference / (255 * 2^21)); 5 * difference < 2^32. */
    return difference * 5u / (51u << (STILLMINE_BLOCK_BITS - 2));
}

uint32_t stillmine_rate_block(stillmine_block block) {
    uint32_t gradient = 0;
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j + 1 < SIDE; j++) {
            gradient += step(block[i][j], block[i][j + 1]);
        }
    }
    for (int i = 0; i + 1 < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) {
            gradient += step(block[i][j], block[i + 1][j]);
        }
    }
    const uint32_t quality = gradient / 90;
    return quality > 100 ? 100 : quality;
}

/* Sums and differences of mirrored rows: the cosines of even frequencies see only the sums, odd ones only the
 * differences. |sum| <= 510 * 2^21 < 2^30. */
static void fold_rows(stillmine_block block) {
    for (int k = 0; k < HALF; k++) {
        for (int j = 0; j < SIDE; j++) {
            const int32_t top = block[k][j];
            const int32_t bottom = block[SIDE - 1 - k][j];
            block[k][j] = top + bottom;
            block[SIDE - 1 - k][j] = top - bottom;
        }
    }
}

static void transform_columns(stillmine_block folded, int frequency, int32_t out[SIDE]) {
    int64_t sums[SIDE] = {0};
    const int is_even = frequency % 2 == 0;
    for (int k = 0; k < HALF; k++) {
        const int64_t cosine = stillmine_cosines[frequency - 1][k];
        const int32_t *row = folded[is_even ? k : SIDE - 1 - k];
        for (int j = 0; j < SIDE; j++) {
            sums[j] += cosine * row[j];
        }
    }
    for (int j = 0; j < SIDE; j++) {
        out[j] = (int32_t)(sums[j] / PASS_DIVISOR);
    }
}

static void transform_row(const int32_t row[SIDE], int64_t out[KEPT]) {
    int64_t mirrored_sum[HALF];
    int64_t mirrored_difference[HALF];
    for (int k = 0; k < HALF; k++) {
        mirrored_sum[k] = (int64_t)row[k] + row[SIDE - 1 - k];
        mirrored_difference[k] = (int64_t)row[k] - row[SIDE - 1 - k];
    }
    for (int frequency = 1; frequency <= KEPT; frequency++) {
        const int64_t *folded = frequency % 2 == 0 ? mirrored_sum : mirrored_difference;
        int64_t sum = 0;
        for (int k = 0; k < HALF; k++) {
            sum += folded[k] * stillmine_cosines[frequency - 1][k];
        }
        out[frequency - 1] = sum;
    }
}

/* Hoare's selection. */
int64_t stillmine_select_median(int64_t values[COEFFICIENTS]) {
    const int wanted = COEFFICIENTS / 2 - 1;
    int low = 0;
    int high = COEFFICIENTS - 1;
    while (low < high) {
        const int64_t pivot = values[wanted];
        int left = low;
        int right = high;
        while (left <= right) {
            while (values[left] < pivot) {
                left++;
            }
            while (pivot < values[right]) {
                right--;
            }
            if (left <= right) {
                const int64_t swapped = values[left];
                values[left++] = values[right];
                values[right--] = swapped;
            }
        }
        if (right < wanted) {
            low = left;
        }
        if (wanted < left) {
            high = right;
        }
    }
    return values[wanted];
}

/* Bit k of a hash (k = 16 * vertical + horizontal frequency) is bit k % 8 of byte 31 - k / 8, so that the hex
 * text reads from bit 255 down, as the field writes it. */
static void set_bit(uint8_t hash[STILLMINE_HASH_BYTES], int bit) {
    hash[STILLMINE_HASH_BYTES - 1 - bit / 8] |= (uint8_t)(1u << (bit % 8));
}

/* Turning a picture over negates the odd frequencies along that axis; index 0 is frequency 1. */
void stillmine_hash_coefficients(stillmine_coefficients coefficients, int is_flipped_down, int is_flipped_across,
                                 uint8_t straight[STILLMINE_HASH_BYTES], uint8_t swapped[STILLMINE_HASH_BYTES]) {
    int64_t values[COEFFICIENTS];
    int64_t reordered[COEFFICIENTS];
    for (int i = 0; i < KEPT; i++) {
        for (int j = 0; j < KEPT; j++) {
            const int is_negated = (is_flipped_down && i % 2 == 0) != (is_flipped_across && j % 2 == 0);
            values[i * KEPT + j] = is_negated ? -coefficients[i][j] : coefficients[i][j];
            reordered[i * KEPT + j] = values[i * KEPT + j];
        }
    }
    const int64_t median = stillmine_select_median(reordered);
    for (int i = 0; i < STILLMINE_HASH_BYTES; i++) {
        straight[i] = 0;
        swapped[i] = 0;
    }
    for (int i = 0; i < KEPT; i++) {
        for (int j = 0; j < KEPT; j++) {
            if (values[i * KEPT + j] > median) {
                set_bit(straight, i * KEPT + j);
                set_bit(swapped, j * KEPT + i);
            }
        }
    }
}

void stillmine_transform_block(stillmine_block block, stillmine_coefficients coefficients) {
    fold_rows(block);
    for (int frequency = 1; frequency <= KEPT; frequency++) {
        int32_t row[SIDE];
        transform_columns(block, frequency, row);
        transform_row(row, coefficients[frequency - 1]);
    }
}

uint32_t stillmine_count_bits(const uint8_t hash[STILLMINE_HASH_BYTES]) {
    uint32_t bits = 0;
    for (int i = 0; i < STILLMINE_HASH_BYTES; i++) {
        for (uint32_t rest = hash[i]; rest != 0; rest &= rest - 1) {
            bits++;
        }
    }
    return bits;
}
