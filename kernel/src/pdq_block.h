/* SPDX-License-Identifier: Apache-2.0 */
/* From a 64x64 block to quality, coefficients and hashes; private to the kernel. */
#ifndef STILLMINE_PDQ_BLOCK_H
#define STILLMINE_PDQ_BLOCK_H

#include <stdint.h>

#include "stillmine/pdq.h"

#define STILLMINE_SIDE 64
#define STILLMINE_KEPT 16
#define STILLMINE_BLOCK_BITS 21 /* a block value is luma 0..255 times 2^21, rounded down */

typedef int32_t stillmine_block[STILLMINE_SIDE][STILLMINE_SIDE];
typedef int64_t stillmine_coefficients[STILLMINE_KEPT][STILLMINE_KEPT];

uint32_t stillmine_rate_block(stillmine_block block);

/* The DCT; destroys the block: it is folded in place. */
void stillmine_transform_block(stillmine_block block, stillmine_coefficients coefficients);

/* The 128th smallest of 256, which is PDQ's median; reorders the values. */
int64_t stillmine_select_median(int64_t values[STILLMINE_KEPT * STILLMINE_KEPT]);

/* Two hashes: of the picture turned over (is_flipped_down: top and bottom exchanged, is_flipped_across: left and
 * right), and of the same with rows and columns swapped. */
void stillmine_hash_coefficients(stillmine_coefficients coefficients, int is_flipped_down, int is_flipped_across,
                                 uint8_t straight[STILLMINE_HASH_BYTES], uint8_t swapped[STILLMINE_HASH_BYTES]);

uint32_t stillmine_count_bits(const uint8_t hash[STILLMINE_HASH_BYTES]);

#endif
