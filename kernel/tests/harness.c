/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the kernel on pixels from standard input, so that one set of vectors can try every way of compiling it.
 *
 *   harness WIDTH HEIGHT FORMAT ROWS BATCH GAP VARIANTS
 *
 * BATCH rows at a time (0: never begin), GAP unused bytes after each row, 1 or 8 VARIANTS.
 *
 * Prints "status N", and for 0 the hashes in hex and "quality N". The state is allocated at exactly the size that
 * the kernel asks for and the rows end exactly at their last byte, so that a sanitizer sees one byte too many. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stillmine/pdq.h"

static int run(stillmine_pdq *state, size_t state_bytes, const uint32_t *arguments,
               uint8_t hashes[][STILLMINE_HASH_BYTES], uint32_t *quality) {
    const uint32_t width = arguments[0], height = arguments[1], format = arguments[2];
    const uint32_t rows = arguments[3], batch = arguments[4], gap = arguments[5];
    const size_t row_bytes = (size_t)width * format;
    int status = STILLMINE_OK;
    if (batch > 0) {
        status = stillmine_begin_pdq(state, state_bytes, width, height, format, arguments[6]);
    }
    for (uint32_t row = 0; row < rows && status == STILLMINE_OK;) {
        const uint32_t count = batch == 0 || rows - row < batch ? rows - row : batch;
        const size_t bytes = (row_bytes + gap) * (count - 1) + row_bytes;
        uint8_t *portion = malloc(bytes);
        memset(portion, 170, bytes);
        for (uint32_t i = 0; i < count; i++) {
            if (fread(portion + i * (row_bytes + gap), 1, row_bytes, stdin) != row_bytes) {
                fprintf(stderr, "too few bytes on standard input\n");
                exit(2);
            }
        }
        status = stillmine_add_pdq_rows(state, portion, row_bytes + gap, count);
        free(portion);
        row += count;
    }
    return status == STILLMINE_OK ? stillmine_finish_pdq(state, hashes, quality) : status;
}

int main(int count, char **words) {
    uint32_t arguments[7];
    if (count != 8) {
        fprintf(stderr, "seven numbers are needed\n");
        return 2;
    }
    for (int i = 0; i < 7; i++) {
        arguments[i] = (uint32_t)strtoul(words[i + 1], NULL, 10);
    }
    size_t state_bytes = 0;
    int status = stillmine_measure_pdq(arguments[0], arguments[1], arguments[2], arguments[6], &state_bytes);
    uint8_t hashes[STILLMINE_VARIANTS][STILLMINE_HASH_BYTES];
    uint32_t quality = 0;
    if (status == STILLMINE_OK) {
        stillmine_pdq *state = aligned_alloc(16, state_bytes);
        memset(state, 0, state_bytes);
        status = run(state, state_bytes, arguments, hashes, &quality);
        for (size_t i = 0; status == STILLMINE_OK && i < state_bytes; i++) {
            if (((const uint8_t *)state)[i] != 0) {
                fprintf(stderr, "the state was not wiped\n");
                return 3;
            }
        }
        free(state);
    }
    printf("status %d\n", status);
    for (int i = 0; status == STILLMINE_OK && i < (int)arguments[6]; i++) {
        for (int j = 0; j < STILLMINE_HASH_BYTES; j++) {
            printf("%02x", hashes[i][j]);
        }
        printf("\n");
    }
    if (status == STILLMINE_OK) {
        printf("quality %" PRIu32 "\n", quality);
    }
    return 0;
}
