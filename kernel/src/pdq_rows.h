/* SPDX-License-Identifier: Apache-2.0 */
/* The only loops that touch every pixel; private to the kernel. */
#ifndef STILLMINE_PDQ_ROWS_H
#define STILLMINE_PDQ_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct stillmine_rows {
    const uint8_t *first;
    size_t stride;
    uint32_t bytes; /* per row */
    uint32_t count;
};

/* plane[i] += sum of weights[r] * row r [i]; exact as long as the sums fit 32 bits. */
void stillmine_add_weighted_rows(uint32_t *plane, struct stillmine_rows rows, const uint32_t *weights);

/* How many of the rows, from the first on, have every fourth byte (alpha) at 255. */
uint32_t stillmine_count_opaque_rows(struct stillmine_rows rows);

/* RGBA over white, each colour rounded to the nearest integer; alpha becomes 255. */
void stillmine_flatten_row(const uint8_t *row, uint8_t *flattened, uint32_t width);

#endif
