/* SPDX-License-Identifier: Apache-2.0 */
/* Why weights: a box pass of window w averages w pixels, two of them weigh 2w - 1 pixels by 1, 2, .. w .. 2, 1 over
 * w * w, and PDQ then looks at 64 places only. So the 64 weighted sums are all of it that has to be computed.
 *
 * One sample is different. For an even window the last sample reaches one pixel past the edge; there PDQ averages
 * the w - 1 pixels that exist, which makes its weights multiples of 1 / (w * w * (w - 1)). */
#include "pdq_axis.h"

struct stillmine_axis stillmine_make_axis(uint32_t length) {
    struct stillmine_axis axis;
    axis.length = length;
    axis.window = (length + 127) / 128;
    axis.reach = 2 * (axis.window - (axis.window + 2) / 2);
    return axis;
}

static int is_cut(const struct stillmine_axis *axis, uint32_t sample) {
    return sample == STILLMINE_SAMPLES - 1 && axis->window % 2 == 0;
}

uint32_t stillmine_first_tap(const struct stillmine_axis *axis, uint32_t sample) {
    return (2 * sample + 1) * axis->length / 128 - axis->reach;
}

uint32_t stillmine_count_taps(const struct stillmine_axis *axis, uint32_t sample) {
    return 2 * axis->window - (is_cut(axis, sample) ? 2 : 1);
}

uint32_t stillmine_sum_weights(const struct stillmine_axis *axis, uint32_t sample) {
    const uint32_t square = axis->window * axis->window;
    return is_cut(axis, sample) ? square * (axis->window - 1) : square;
}

/* How many of the first `windows` windows, each one pixel further than the last, hold this tap. */
static uint32_t count_windows(uint32_t window, uint32_t windows, uint32_t tap) {
    const uint32_t newest = tap < windows ? tap + 1 : windows;
    const uint32_t gone = tap < window ? 0 : tap - window + 1;
    return newest - gone;
}

uint32_t stillmine_weigh_tap(const struct stillmine_axis *axis, uint32_t sample, uint32_t tap) {
    const uint32_t window = axis->window;
    if (!is_cut(axis, sample)) {
        return count_windows(window, window, tap);
    }
    const uint32_t whole = count_windows(window, window - 1, tap) * (window - 1);
    return tap >= window - 1 ? whole + window : whole;
}
