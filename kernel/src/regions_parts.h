/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of regions share; private to the kernel. */
#ifndef STILLMINE_REGIONS_PARTS_H
#define STILLMINE_REGIONS_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "regions_tables.h"
#include "stillmine/regions.h"

#define STILLMINE_LUMA_BITS 7 /* of a scale's value, below one luma step */
#define STILLMINE_SCALES (STILLMINE_LAYERS + 3)
#define STILLMINE_MAX_OCTAVES 8
#define STILLMINE_MAX_BLUR 8
#define STILLMINE_MAX_EXTREMA 1024
#define STILLMINE_MIN_VIEW_SIDE 16

/* Scales of one octave: planes of width * height, one behind the other. */
struct stillmine_octave {
    uint16_t *scales;
    uint32_t width;
    uint32_t height;
};

/* An extremum of a difference of scales. Rank is what the best have most of; places in 1/256 pixel of the view. */
struct stillmine_extremum {
    uint64_t rank;
    int32_t x;
    int32_t y;
    uint32_t radius; /* in 1/256 pixel of the view */
    uint32_t number; /* in order of discovery: of equal ranks the first is better */
    uint32_t contrast;
    uint16_t column; /* of its octave */
    uint16_t row;
    uint8_t octave;
    uint8_t scale;
    uint8_t radius_byte; /* of the view; that of the large area is an octave further */
};

/* The best so far, the worst of them first. */
struct stillmine_extrema {
    uint32_t count;
    uint32_t seen;
    uint32_t smallest_radius_byte; /* of the view */
    struct stillmine_extremum items[STILLMINE_MAX_EXTREMA];
};

/* A frame in 1/65536 pixel of the base. */
struct stillmine_placed {
    int64_t centre[2];
    int64_t along[2];
    int64_t across[2];
};

uint64_t stillmine_square_root(uint64_t value);
int32_t stillmine_cosine_of(uint32_t angle); /* of 256 a turn; in 1/32768 */
int32_t stillmine_sine_of(uint32_t angle);
uint32_t stillmine_radius_of(uint32_t byte); /* in 1/65536 pixel at an area of 256 x 256 */

void stillmine_measure_view(uint32_t base_width, uint32_t base_height, uint32_t area, uint32_t stretch, uint32_t *width,
                            uint32_t *height);

/* Which pixels along an axis one of a view is made of. The base is at most some three times larger along an axis. */
#define STILLMINE_MAX_TAPS_ACROSS 8
struct stillmine_taps {
    uint32_t first;
    uint32_t count;
    uint16_t weights[STILLMINE_MAX_TAPS_ACROSS];
};

/* Writes the view in 1/128 luma; `row` has room for a value for each column of the base, `across` for the taps of each
 * of the view. */
void stillmine_make_view(const struct stillmine_base *base, uint16_t *view, uint32_t width, uint32_t height,
                         uint32_t *row, struct stillmine_taps *across);

/* Blurs `source` into `target` by one of the steps; `spare` has room for STILLMINE_BLUR_VALUES values. */
#define STILLMINE_BLUR_VALUES(width) ((2 * STILLMINE_MAX_BLUR + 2) * (size_t)(width) + 2 * STILLMINE_MAX_BLUR)
void stillmine_blur(uint32_t step, const uint16_t *source, uint16_t *target, uint32_t width, uint32_t height,
                    uint16_t *spare);

/* Adds the extrema of an octave; `spare` has room for stillmine_measure_spare values. */
size_t stillmine_measure_spare(uint32_t width);
void stillmine_find_extrema(const struct stillmine_octave *octave, uint32_t number, uint32_t view_width,
                            uint32_t view_height, int16_t *spare, struct stillmine_extrema *extrema);

/* Best first. */
void stillmine_sort_extrema(struct stillmine_extrema *extrema);

/* The angles (of 256 a turn) that dominate around an extremum, at most `capacity` of them, strongest first. */
uint32_t stillmine_find_angles(const struct stillmine_octave *octave, const struct stillmine_extremum *extremum,
                               uint8_t *angles, uint32_t capacity);

struct stillmine_placed stillmine_place_region(uint32_t base_width, uint32_t base_height, uint32_t stretch,
                                               const uint8_t geometry[STILLMINE_GEOMETRY_BYTES]);
void stillmine_hash_patch(const struct stillmine_base *base, const struct stillmine_placed *frame,
                          uint8_t hash[STILLMINE_HASH_BYTES], uint8_t *mirrored);

/* 32 x 32 luma samples of the base itself, so that fine lines stay what they are. */
void stillmine_sample_patch(const struct stillmine_base *base, const struct stillmine_placed *frame,
                            uint8_t samples[32 * 32]);

void stillmine_wipe_bytes(void *buffer, size_t bytes);

#endif
