/* SPDX-License-Identifier: Apache-2.0 */
/* Which way a region points: the directions in which the picture rises most around its middle. */
#include "regions_parts.h"

#define BINS 32
#define BIN_STEPS 32    /* of 1024 a turn */
#define PEAK_PERCENT 80 /* of the highest */
#define REACH 224       /* radius looked at, of the region's, in 1/256 */

struct histogram {
    uint64_t bins[BINS];
};

static uint32_t size_of(int32_t value) {
    return (uint32_t)(value < 0 ? -value : value);
}

/* Angle (of 1024 a turn) and length of a slope. */
static uint32_t direct(int32_t right, int32_t down, uint32_t *length) {
    const uint32_t across = size_of(right);
    const uint32_t along = size_of(down);
    const uint32_t most = across > along ? across : along;
    const uint32_t least = across > along ? along : across;
    const uint32_t slope = most == 0 ? 0 : 256 * least / most;
    *length = (uint32_t)(((uint64_t)most * stillmine_secants[slope]) >> 15);
    uint32_t angle = stillmine_angles[slope];
    angle = along > across ? 256 - angle : angle;
    angle = right < 0 ? 512 - angle : angle;
    return (down < 0 ? 1024 - angle : angle) % 1024;
}

/* Each pixel is shared by the two bins that it lies between. */
static void add_pixel(struct histogram *histogram, const uint16_t *pixel, uint32_t width, uint64_t weight) {
    uint32_t length;
    const int32_t right = pixel[1] - *(pixel - 1);
    const int32_t down = pixel[width] - *(pixel - width);
    const uint32_t angle = direct(right, down, &length);
    const uint64_t worth = weight * length;
    const uint32_t bin = angle / BIN_STEPS;
    const uint32_t past = angle % BIN_STEPS;
    histogram->bins[bin] += worth * (BIN_STEPS - past);
    histogram->bins[(bin + 1) % BINS] += worth * past;
}

static void look_around(const struct stillmine_octave *octave, const struct stillmine_extremum *extremum,
                        struct histogram *histogram) {
    const size_t plane = (size_t)octave->width * octave->height;
    const uint16_t *scale = octave->scales + plane * extremum->scale;
    const int32_t reach = (int32_t)((extremum->radius * REACH / 256) >> extremum->octave); /* in 1/256 pixel */
    const int32_t pixels = reach / 256;
    const int32_t limit = reach / 16 * (reach / 16); /* squares in 1/256 */
    for (int32_t down = -pixels; down <= pixels; down++) {
        const int32_t row = extremum->row + down;
        for (int32_t right = -pixels; right <= pixels; right++) {
            const int32_t column = extremum->column + right;
            const int32_t rest = limit - 256 * (down * down + right * right);
            if (rest > 0 && row > 0 && column > 0 && row + 1 < (int32_t)octave->height &&
                column + 1 < (int32_t)octave->width) {
                const uint64_t weight = (uint64_t)((rest >> 8) * (rest >> 8));
                add_pixel(histogram, scale + (size_t)row * octave->width + column, octave->width, weight);
            }
        }
    }
}

static void smooth(struct histogram *histogram) {
    const struct histogram sharp = *histogram;
    for (uint32_t bin = 0; bin < BINS; bin++) {
        const uint64_t near = sharp.bins[(bin + 1) % BINS] + sharp.bins[(bin + BINS - 1) % BINS];
        const uint64_t far = sharp.bins[(bin + 2) % BINS] + sharp.bins[(bin + BINS - 2) % BINS];
        histogram->bins[bin] = (6 * sharp.bins[bin] + 4 * near + far) / 16;
    }
}

/* Where the parabola through a peak and its neighbours is highest, of 256 a turn. */
static uint8_t sharpen(const struct histogram *histogram, uint32_t bin) {
    const int64_t before = (int64_t)(histogram->bins[(bin + BINS - 1) % BINS] / 64);
    const int64_t peak = (int64_t)(histogram->bins[bin] / 64);
    const int64_t after = (int64_t)(histogram->bins[(bin + 1) % BINS] / 64);
    const int64_t curve = 2 * peak - before - after;
    const int64_t steps = 256 / BINS;
    /* steps * (after - before) / (2 * curve), to the nearest */
    const int64_t off = curve > 0 ? (steps * (after - before) + curve * (2 * steps + 1)) / (2 * curve) - steps : 0;
    return (uint8_t)((int64_t)(bin * steps) + off + 256);
}

uint32_t stillmine_find_angles(const struct stillmine_octave *octave, const struct stillmine_extremum *extremum,
                               uint8_t *angles, uint32_t capacity) {
    struct histogram histogram = {{0}};
    look_around(octave, extremum, &histogram);
    smooth(&histogram);
    uint64_t highest = 0;
    for (uint32_t bin = 0; bin < BINS; bin++) {
        highest = histogram.bins[bin] > highest ? histogram.bins[bin] : highest;
    }
    uint32_t count = 0;
    uint64_t below = UINT64_MAX; /* peaks are taken from the highest down */
    while (count < capacity) {
        uint32_t best = BINS;
        for (uint32_t bin = 0; bin < BINS; bin++) {
            const uint64_t value = histogram.bins[bin];
            const int is_peak = value > histogram.bins[(bin + 1) % BINS] &&
                                value >= histogram.bins[(bin + BINS - 1) % BINS] &&
                                value / 100 >= highest / 10000 * PEAK_PERCENT;
            if (is_peak && value < below && (best == BINS || value > histogram.bins[best])) {
                best = bin;
            }
        }
        if (best == BINS) {
            break;
        }
        below = histogram.bins[best];
        angles[count++] = sharpen(&histogram, best);
    }
    return count;
}
