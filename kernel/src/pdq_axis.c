/* SPDX-License-Identifier: Apache-2.0 */
/* Why weights: a box pass of window w averages w pixels, two of them weigh 2w - 1 pixels by 1, 2, .. w .. 2, 1 over
 * w * w, and PDQ then looks at 64 places only. So the 64 weighted sums are all of it that has to be computed.
 *
 * One sample is different, the cut one. For an even window the last sample reaches one pixel past the edge; there PDQ
 * averages the w - 1 pixels that exist, which makes its weights multiples of 1 / (w * w * (w - 1)). */
#include "pdq_axis.h"

struct stillmine_axis stillmine_make_axis(uint32_t length, uint32_t is_mirrored, uint32_t shrink) {
    return (struct stillmine_axis){length, (length + 127) / 128, is_mirrored, shrink};
}

int stillmine_is_cut(const struct stillmine_axis *axis, uint32_t sample) {
    return axis->window % 2 == 0 && sample == (axis->is_mirrored ? 0 : STILLMINE_SAMPLES - 1);
}

static uint32_t count_pixels(const struct stillmine_axis *axis, uint32_t sample) {
    return 2 * axis->window - (stillmine_is_cut(axis, sample) ? 2 : 1);
}

static uint32_t first_pixel(const struct stillmine_axis *axis, uint32_t sample) {
    const uint32_t reach = 2 * (axis->window - (axis->window + 2) / 2);
    const uint32_t counted = axis->is_mirrored ? STILLMINE_SAMPLES - 1 - sample : sample;
    const uint32_t first = (2 * counted + 1) * axis->length / 128 - reach;
    return axis->is_mirrored ? axis->length - first - count_pixels(axis, sample) : first;
}

uint32_t stillmine_phase_of(const struct stillmine_axis *axis, uint32_t sample) {
    return first_pixel(axis, sample) % axis->shrink;
}

uint32_t stillmine_first_tap(const struct stillmine_axis *axis, uint32_t sample) {
    return first_pixel(axis, sample) / axis->shrink;
}

uint32_t stillmine_count_taps(const struct stillmine_axis *axis, uint32_t sample) {
    return (stillmine_phase_of(axis, sample) + count_pixels(axis, sample) + axis->shrink - 1) / axis->shrink;
}

uint32_t stillmine_sum_weights(const struct stillmine_axis *axis, uint32_t sample) {
    const uint32_t square = axis->window * axis->window;
    return stillmine_is_cut(axis, sample) ? square * (axis->window - 1) : square;
}

int stillmine_is_symmetric(uint32_t length) {
    const struct stillmine_axis straight = stillmine_make_axis(length, 0, 1);
    const struct stillmine_axis mirrored = stillmine_make_axis(length, 1, 1);
    for (uint32_t sample = 0; sample < STILLMINE_SAMPLES; sample++) {
        if (first_pixel(&straight, sample) != first_pixel(&mirrored, sample)) {
            return 0;
        }
    }
    return 1;
}

/* How many of the first `windows` windows, each one pixel further than the last, hold this pixel of the sample. */
static uint32_t count_windows(uint32_t window, uint32_t windows, uint32_t pixel) {
    const uint32_t newest = pixel < windows ? pixel + 1 : windows;
    const uint32_t gone = pixel < window ? 0 : pixel - window + 1;
    return newest - gone;
}

static uint32_t weigh_pixel(const struct stillmine_axis *axis, uint32_t sample, uint32_t pixel) {
    const uint32_t window = axis->window;
    if (!stillmine_is_cut(axis, sample)) {
        return count_windows(window, window, pixel);
    }
    const uint32_t counted = axis->is_mirrored ? 2 * window - 3 - pixel : pixel;
    const uint32_t whole = count_windows(window, window - 1, counted) * (window - 1);
    return counted >= window - 1 ? whole + window : whole;
}

uint32_t stillmine_weigh_tap(const struct stillmine_axis *axis, uint32_t sample, uint32_t tap) {
    const uint32_t phase = stillmine_phase_of(axis, sample);
    const uint32_t pixels = count_pixels(axis, sample);
    const uint32_t from = tap == 0 ? 0 : tap * axis->shrink - phase;
    const uint32_t to = (tap + 1) * axis->shrink - phase;
    uint32_t weight = 0;
    for (uint32_t pixel = from; pixel < to && pixel < pixels; pixel++) {
        weight += weigh_pixel(axis, sample, pixel);
    }
    return weight;
}
