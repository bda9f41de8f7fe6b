/* SPDX-License-Identifier: Apache-2.0 */
/* Why weights: a box pass of window w averages w pixels, two of them weigh 2w - 1 pixels by 1, 2, .. w .. 2, 1 over
 * w * w, and PDQ then looks at 64 places only. So the 64 weighted sums are all of it that has to be computed.
 *
 * One sample is different, the cut one. For an even window the last sample reaches one pixel past the edge; there PDQ averages
 * the w - 1 pixels that exist, which makes its weights multiples of 1 / (w * w * (w - 1)). */
#include "pdq_axis.h"

struct stillmine_axis stillmine_make_axis(uint32_t length, uint32_t is_mirrored) {
    return (struct stillmine_axis){length, (length + 127) / 128, is_mirrored};
}

int stillmine_is_cut(const struct stillmine_axis *axis, uint32_t sample) {
    return axis->window % 2 == 0 && sample == (axis->is_mirrored ? 0 : STILLMINE_SAMPLES - 1);
}

uint32_t stillmine_first_tap(const struct stillmine_axis *axis, uint32_t sample) {
    const uint32_t reach = 2 * (axis->window - (axis->window + 2) / 2);
    const uint32_t counted = axis->is_mirrored ? STILLMINE_SAMPLES - 1 - sample : sample;
    const uint32_t first = (2 * counted + 1) * axis->length / 128 - reach;
    return axis->is_mirrored ? axis->length - first - stillmine_count_taps(axis, sample) : first;
}

uint32_t stillmine_count_taps(const struct stillmine_axis *axis, uint32_t sample) {
    return 2 * axis->window - (stillmine_is_cut(axis, sample) ? 2 : 1);
}

uint32_t stillmine_sum_weights(const struct stillmine_axis *axis, uint32_t sample) {
    const uint32_t square = axis->window * axis->window;
    return stillmine_is_cut(axis, sample) ? square * (axis->window - 1) : square;
}

int stillmine_is_symmetric(uint32_t length) {
    const struct stillmine_axis straight = stillmine_make_axis(length, 0);
    const struct stillmine_axis mirrored = stillmine_make_axis(length, 1);
    for (uint32_t sample = 0; sample < STILLMINE_SAMPLES; sample++) {
        if (stillmine_first_tap(&straight, sample) != stillmine_first_tap(&mirrored, sample)) {
            return 0;
        }
    }
    return 1;
}

/* How many of the first `windows` windows, each one pixel further than the last, hold this tap. */
static uint32_t count_windows(uint32_t window, uint32_t windows, uint32_t tap) {
    const uint32_t newest = tap < windows ? tap + 1 : windows;
    const uint32_t gone = tap < window ? 0 : tap - window + 1;
    return newest - gone;
}

uint32_t stillmine_weigh_tap(const struct stillmine_axis *axis, uint32_t sample, uint32_t tap) {
    const uint32_t window = axis->window;
    if (!stillmine_is_cut(axis, sample)) {
        return count_windows(window, window, tap);
    }
    const uint32_t counted = axis->is_mirrored ? 2 * window - 3 - tap : tap;
    const uint32_t whole = count_windows(window, window - 1, counted) * (window - 1);
    return counted >= window - 1 ? whole + window : whole;
}
