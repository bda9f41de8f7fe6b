/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ's two box passes and its sampling along one axis, as one list of integer weights per sample; private. */
#ifndef STILLMINE_PDQ_AXIS_H
#define STILLMINE_PDQ_AXIS_H

#include <stdint.h>

/* 2 * window - 1 taps, window = ceil(length / 128) <= 256. */
#define STILLMINE_MAX_TAPS 511
#define STILLMINE_SAMPLES 64

/* A mirrored axis samples the picture as if it had been turned over: the same places counted from the other end.
 * Samples stay in the order of the picture as it is. */
struct stillmine_axis {
    uint32_t length;
    uint32_t window;
    uint32_t is_mirrored;
};

struct stillmine_axis stillmine_make_axis(uint32_t length, uint32_t is_mirrored);

/* Whether the mirrored axis has the very same samples. */
int stillmine_is_symmetric(uint32_t length);

/* Whether this is the one sample that reaches past the edge. */
int stillmine_is_cut(const struct stillmine_axis *axis, uint32_t sample);

/* First pixel, number of pixels, and sum of the weights of one of the 64 samples. */
uint32_t stillmine_first_tap(const struct stillmine_axis *axis, uint32_t sample);
uint32_t stillmine_count_taps(const struct stillmine_axis *axis, uint32_t sample);
uint32_t stillmine_sum_weights(const struct stillmine_axis *axis, uint32_t sample);

/* Weight of one tap, at most 255 * 255 + 256. */
uint32_t stillmine_weigh_tap(const struct stillmine_axis *axis, uint32_t sample, uint32_t tap);

#endif
