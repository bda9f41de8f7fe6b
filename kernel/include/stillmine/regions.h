/* SPDX-License-Identifier: Apache-2.0 */
/* Regions of a picture: where its own structure says that one is, and what each looks like. spec/matching.md.
 *
 * A picture that was cropped, written on or put into another keeps most of its regions. They are found on a small copy
 * of it, the base, which is all that has to be kept of the picture meanwhile.
 *
 * Freestanding C11, as pdq.h: no allocation, no library, no floating point, so native code and the browser's give the
 * same bytes. The caller owns every buffer. What was used of a workspace is wiped before a call ends. */
#ifndef STILLMINE_REGIONS_H
#define STILLMINE_REGIONS_H

#include <stddef.h>
#include <stdint.h>

#include "stillmine/pdq.h"

#define STILLMINE_BASE_AREA 262144
#define STILLMINE_REGION_AREA 65536        /* 256 x 256: pixels of a view in which regions are found */
#define STILLMINE_LARGE_REGION_AREA 262144 /* 512 x 512: for what is small within another picture */
#define STILLMINE_MIN_STRETCH 50           /* per cent */
#define STILLMINE_MAX_STRETCH 200
#define STILLMINE_GEOMETRY_BYTES 5
#define STILLMINE_MAX_REGIONS 255
#define STILLMINE_FEWEST_REGIONS 6
#define STILLMINE_ENROLLED_REGIONS 36
#define STILLMINE_VALUE_HEAD_BYTES 38
#define STILLMINE_VALUE_REGION_BYTES (STILLMINE_HASH_BYTES + STILLMINE_GEOMETRY_BYTES)
#define STILLMINE_MAX_VALUE_BYTES                                                                                      \
    (STILLMINE_VALUE_HEAD_BYTES + STILLMINE_ENROLLED_REGIONS * STILLMINE_VALUE_REGION_BYTES)
#define STILLMINE_FRAME_NUMBERS 6
#define STILLMINE_FRAME_UNITS 8192 /* of a frame, in the width or height of the base */

/* Luma of at most STILLMINE_BASE_AREA pixels, row by row, and behind it the same halved until one pixel is left. A
 * picture turned by quarters or mirrored has the base turned likewise. */
struct stillmine_base {
    const uint8_t *levels;
    uint32_t width;
    uint32_t height;
};

/* x and y are 12 bits each, in 1/4096 of width and height; then radius and angle are a byte each. */
struct stillmine_region {
    uint8_t geometry[STILLMINE_GEOMETRY_BYTES];
    uint8_t hash[STILLMINE_HASH_BYTES];
    uint8_t mirrored[STILLMINE_HASH_BYTES]; /* of the same region of the mirrored picture */
    uint8_t reserved[3];
    uint32_t strength; /* contrast of its extremum, in 1/128 luma step */
};

/* Sizes of the base of a picture, and bytes of its levels and of the state that makes it; refuses what PDQ refuses. */
int stillmine_measure_base(uint32_t width, uint32_t height, uint32_t pixel_format, uint32_t *base_width,
                           uint32_t *base_height, size_t *levels_bytes, size_t *state_bytes);

/* Zero it (or begin) before first use; 16-byte aligned. */
typedef struct stillmine_base_maker stillmine_base_maker;

int stillmine_begin_base(stillmine_base_maker *state, size_t state_bytes, uint32_t width, uint32_t height,
                         uint32_t pixel_format);

/* Takes the next rows, top to bottom, and writes every base row that they finish. `levels` is the same at each call. */
int stillmine_add_base_rows(stillmine_base_maker *state, const uint8_t *rows, size_t row_stride, uint32_t row_count,
                            uint8_t *levels);

/* Makes the halvings, and wipes the state. */
int stillmine_finish_base(stillmine_base_maker *state, uint8_t *levels);

/* Bytes of the workspace to find regions in a view of such a base: `area` pixels (one of the two above), x stretched to
 * `stretch` per cent. */
int stillmine_measure_find(uint32_t base_width, uint32_t base_height, uint32_t area, uint32_t stretch,
                           size_t *workspace_bytes);

/* Writes at most `capacity` regions (at most STILLMINE_MAX_REGIONS), best first, and how many. The workspace is 16-byte
 * aligned. */
int stillmine_find_regions(const struct stillmine_base *base, uint32_t area, uint32_t stretch, void *workspace,
                           size_t workspace_bytes, struct stillmine_region *regions, uint32_t capacity,
                           uint32_t *count);

/* The regions that a case is given: of all that are found in the view of STILLMINE_REGION_AREA pixels, as it is, those
 * that are not drawn, not repeated and not in the bars that stillmine_find_parts takes off; at most
 * STILLMINE_ENROLLED_REGIONS, spread over the picture, best first, no hash or geometry twice. */
int stillmine_enrol_regions(const struct stillmine_base *base, void *workspace, size_t workspace_bytes,
                            struct stillmine_region regions[STILLMINE_MAX_REGIONS], uint32_t *count);

/* The value that a case stores, spec/regions.md; 0 bytes where there are fewer than STILLMINE_FEWEST_REGIONS. `regions`
 * is room to work in, and wiped. */
int stillmine_make_regions_value(const struct stillmine_base *base, const uint8_t pdq[STILLMINE_HASH_BYTES],
                                 void *workspace, size_t workspace_bytes,
                                 struct stillmine_region regions[STILLMINE_MAX_REGIONS],
                                 uint8_t value[STILLMINE_MAX_VALUE_BYTES], uint32_t *value_bytes);

/* The frame of a region: centre, then the axes along and across its angle, each x and y in 1/8192 of the base's width
 * and height. */
int stillmine_frame_region(uint32_t base_width, uint32_t base_height, uint32_t stretch,
                           const uint8_t geometry[STILLMINE_GEOMETRY_BYTES], int16_t frame[STILLMINE_FRAME_NUMBERS]);

/* Hashes of `count` frames. Beyond its edges the picture is taken to be mirrored. */
int stillmine_hash_frames(const struct stillmine_base *base, const int16_t frames[][STILLMINE_FRAME_NUMBERS],
                          size_t count, uint8_t hashes[][STILLMINE_HASH_BYTES]);

#endif
