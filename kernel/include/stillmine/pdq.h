/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ of a picture, from its pixel rows, in constant memory: spec/fingerprint.md says what is computed.
 *
 * Freestanding C11: no allocation, no I/O, no library, no floating point. The same source is the Python
 * extension and the WASM in the browser, and integers alone make their answers the same bytes. The caller owns
 * every buffer. Nothing here keeps a pixel: after stillmine_finish_pdq the state is wiped. */
#ifndef STILLMINE_PDQ_H
#define STILLMINE_PDQ_H

#include <stddef.h>
#include <stdint.h>

#define STILLMINE_HASH_BYTES 32
#define STILLMINE_VARIANTS 8
/* Stripes, plain gradients and the like leave most coefficients equal to the median, so their hashes are nearly all
 * zero and alike. A hash with fewer bits set says nothing, and its quality is given as 0. */
#define STILLMINE_MIN_SET_BITS 32
#define STILLMINE_MIN_DIMENSION 5
#define STILLMINE_MAX_DIMENSION 32768
#define STILLMINE_MAX_PIXELS (UINT64_C(1) << 28)
#define STILLMINE_MAX_SHRINK 8

/* Values are part of the binary interface: bindings pass them as plain integers. */
enum stillmine_pixel_format {
    STILLMINE_LUMA8 = 1,
    STILLMINE_RGB8 = 3,
    STILLMINE_RGBA8 = 4 /* alpha not premultiplied; laid on white here, so that all hosts do it the same way */
};

enum stillmine_status {
    STILLMINE_OK = 0,
    STILLMINE_MISSING_BUFFER = 1, /* a null pointer, or a state that is too small or not 16-byte aligned */
    STILLMINE_BAD_FORMAT = 2, /* an unknown pixel format, variants other than 1 and 8, a shrink other than 1, 2, 4, 8 */
    STILLMINE_TOO_SMALL = 3, /* a dimension below STILLMINE_MIN_DIMENSION */
    STILLMINE_TOO_LARGE = 4, /* a dimension or the number of pixels above the maximum */
    STILLMINE_BAD_STRIDE = 5, /* fewer bytes per row than the pixels of a row need */
    STILLMINE_TOO_MANY_ROWS = 6,
    STILLMINE_TOO_FEW_ROWS = 7,
    STILLMINE_WRONG_ORDER = 8 /* no picture is begun in this state */
};

/* In the order of the hashes. Each names what was done to the picture that is asked about; turns are
 * counter-clockwise. */
enum stillmine_variant {
    STILLMINE_ORIGINAL = 0,
    STILLMINE_ROTATE90 = 1,
    STILLMINE_ROTATE180 = 2,
    STILLMINE_ROTATE270 = 3,
    STILLMINE_FLIP_HORIZONTAL = 4,
    STILLMINE_FLIP_VERTICAL = 5,
    STILLMINE_TRANSPOSE = 6,
    STILLMINE_TRANSVERSE = 7
};

/* Zero it (or begin) before first use; 16-byte aligned; as many bytes as stillmine_measure_pdq says. */
typedef struct stillmine_pdq stillmine_pdq;

/* Sets *state_bytes to the size of the state for such a picture; refuses what begin would refuse. */
int stillmine_measure_pdq(uint32_t width, uint32_t height, uint32_t pixel_format, uint32_t variants,
                          size_t *state_bytes);

/* Starts a picture, forgetting any unfinished one. `variants` is 1 (the original only: half the work) or 8. */
int stillmine_begin_pdq(stillmine_pdq *state, size_t state_bytes, uint32_t width, uint32_t height,
                        uint32_t pixel_format, uint32_t variants);

/* The same for a picture that its decoder made smaller by `shrink` (1, 2, 4 or 8) along both axes: width and height are
 * the original's, the rows are ceil(height / shrink) rows of ceil(width / shrink) pixels, and each pixel stands for the
 * shrink * shrink original ones that it covers. So the places and weights are the original's; what is lost is only the
 * detail within such a square. */
int stillmine_measure_shrunk_pdq(uint32_t width, uint32_t height, uint32_t pixel_format, uint32_t variants,
                                 uint32_t shrink, size_t *state_bytes);
int stillmine_begin_shrunk_pdq(stillmine_pdq *state, size_t state_bytes, uint32_t width, uint32_t height,
                               uint32_t pixel_format, uint32_t variants, uint32_t shrink);

/* Takes the next row_count rows, top to bottom, row_stride bytes apart. On an error nothing is taken. */
int stillmine_add_pdq_rows(stillmine_pdq *state, const uint8_t *rows, size_t row_stride, uint32_t row_count);

/* Writes as many hashes as variants were asked for, and the quality (0..100), and wipes the state. TOO_FEW_ROWS
 * leaves it as it was. */
int stillmine_finish_pdq(stillmine_pdq *state, uint8_t hashes[][STILLMINE_HASH_BYTES], uint32_t *quality);

#endif
