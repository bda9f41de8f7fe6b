/* SPDX-License-Identifier: Apache-2.0 */
/* PDQ's two box passes and its sampling along one axis, as one list of integer weights per sample; private. */
#ifndef STILLMINE_PDQ_AXIS_H
#define STILLMINE_PDQ_AXIS_H

#include <stdint.h>

#include "stillmine/pdq.h"

/* 2 * window - 1 pixels, window = ceil(length / 128) <= 256. */
#define STILLMINE_MAX_TAPS 511
/* Room for the weights of every phase: ceil(511 / shrink) + 1 taps for each of `shrink` phases. */
#define STILLMINE_MAX_WEIGHTS (STILLMINE_MAX_TAPS + 2 * STILLMINE_MAX_SHRINK)
#define STILLMINE_SAMPLES 64

/* A mirrored axis samples the picture as if it had been turned over: the same places counted from the other end.
 * Samples stay in the order of the picture as it is.
 *
 * Places and weights are those of the original's pixels. A tap is a pixel as it comes: it stands for `shrink` original
 * ones and weighs what those of them that the sample reaches weigh together. */
struct stillmine_axis {
    uint32_t length; /* of the original */
    uint32_t window;
    uint32_t is_mirrored;
    uint32_t shrink;
};

struct stillmine_axis stillmine_make_axis(uint32_t length, uint32_t is_mirrored, uint32_t shrink);

/* Whether the mirrored axis has the very same samples. */
int stillmine_is_symmetric(uint32_t length);

/* Whether this is the one sample that reaches past the edge. */
int stillmine_is_cut(const struct stillmine_axis *axis, uint32_t sample);

/* Where within its first tap a sample begins: samples of the same phase have the same weights, but for the cut one. */
uint32_t stillmine_phase_of(const struct stillmine_axis *axis, uint32_t sample);

/* First tap, number of taps, and sum of the weights of one of the 64 samples. */
uint32_t stillmine_first_tap(const struct stillmine_axis *axis, uint32_t sample);
uint32_t stillmine_count_taps(const struct stillmine_axis *axis, uint32_t sample);
uint32_t stillmine_sum_weights(const struct stillmine_axis *axis, uint32_t sample);

/* Weight of one tap, at most shrink * (255 * 255 + 256). */
uint32_t stillmine_weigh_tap(const struct stillmine_axis *axis, uint32_t sample, uint32_t tap);

#endif
