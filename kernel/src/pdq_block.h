/* SPDX-License-Identifier: Apache-2.0 */
/* From the 64x64 block to hashes and quality; private to the kernel. */
#ifndef STILLMINE_PDQ_BLOCK_H
#define STILLMINE_PDQ_BLOCK_H

#include <stdint.h>

#include "stillmine/pdq.h"

#define STILLMINE_SIDE 64
#define STILLMINE_BLOCK_BITS 21 /* a block value is luma 0..255 times 2^21, rounded down */

typedef int32_t stillmine_block[STILLMINE_SIDE][STILLMINE_SIDE];

uint32_t stillmine_rate_block(stillmine_block block);

/* Destroys the block: it is folded in place. */
void stillmine_hash_block(stillmine_block block, uint8_t hashes[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES]);

uint32_t stillmine_count_bits(const uint8_t hash[STILLMINE_HASH_BYTES]);

#endif
