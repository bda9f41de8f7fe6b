/* SPDX-License-Identifier: Apache-2.0 */
/* What a region looks like: its patch sampled 32x32, its 16x16 lowest frequencies but the constant ones, as PDQ does
 * with a whole picture, and of each whether it is above the median. */
#include "pdq_block.h"
#include "regions_parts.h"

#define SIDE 32
#define HALF (SIDE / 2)
#define KEPT 16
#define COEFFICIENTS (KEPT * KEPT)
#define ONE 65536 /* of a place */
#define SAMPLE_BITS 3 /* below one luma step */

/* Patch columns, each from top to bottom. */
typedef int16_t patch[SIDE][SIDE];

struct level {
    const uint8_t *luma;
    uint32_t width;
    uint32_t height;
};

/* The place in a picture that is repeated mirrored at both edges. */
static uint32_t reflect(int64_t place, uint32_t length) {
    const int64_t period = 2 * (int64_t)length;
    int64_t within = place % period;
    within = within < 0 ? within + period : within;
    return (uint32_t)(within < length ? within : period - 1 - within);
}

static int16_t blend(uint32_t top_left, uint32_t top_right, uint32_t bottom_left, uint32_t bottom_right, uint32_t right,
                     uint32_t down) {
    const uint32_t top = top_left * (128 - right) + top_right * right;
    const uint32_t bottom = bottom_left * (128 - right) + bottom_right * right;
    return (int16_t)((top * (128 - down) + bottom * down) >> (14 - SAMPLE_BITS));
}

static int16_t sample_anywhere(const struct level *level, int64_t x, int64_t y) {
    const int64_t column = x >> 16;
    const int64_t row = y >> 16;
    const uint8_t *top = level->luma + (size_t)reflect(row, level->height) * level->width;
    const uint8_t *bottom = level->luma + (size_t)reflect(row + 1, level->height) * level->width;
    const uint32_t left = reflect(column, level->width);
    const uint32_t right = reflect(column + 1, level->width);
    return blend(top[left], top[right], bottom[left], bottom[right], (uint32_t)(x >> 9) & 127,
                 (uint32_t)(y >> 9) & 127);
}

static int16_t sample_inside(const struct level *level, int32_t x, int32_t y) {
    const uint8_t *top = level->luma + (size_t)(y >> 16) * level->width + (x >> 16);
    const uint8_t *bottom = top + level->width;
    return blend(top[0], top[1], bottom[0], bottom[1], (uint32_t)(x >> 9) & 127, (uint32_t)(y >> 9) & 127);
}

static int64_t size_of(int64_t value) {
    return value < 0 ? -value : value;
}

/* The coarsest halving on which samples are not closer than 3/4 pixel; the frame is changed to its pixels. */
static struct level choose_level(const struct stillmine_base *base, struct stillmine_placed *frame) {
    struct level level = {base->levels, base->width, base->height};
    /* Square of the distance of samples, in 1/256 pixel: the area of the frame is that of 16 x 16 of them. */
    const int64_t area =
        size_of((frame->along[0] >> 8) * (frame->across[1] >> 8) - (frame->along[1] >> 8) * (frame->across[0] >> 8));
    int64_t square = area / (HALF * HALF) / 256; /* of 1/256 pixel squares */
    while (square >= 576 && (level.width > 1 || level.height > 1)) {
        level.luma += (size_t)level.width * level.height;
        level.width = (level.width + 1) / 2;
        level.height = (level.height + 1) / 2;
        square /= 4;
        for (int i = 0; i < 2; i++) {
            frame->centre[i] /= 2;
            frame->along[i] /= 2;
            frame->across[i] /= 2;
        }
    }
    return level;
}

static int is_inside(int64_t middle, int64_t along, int64_t across, uint32_t length) {
    const int64_t reach = size_of(along) + size_of(across);
    return middle - reach >= ONE && middle + reach <= ((int64_t)length - 2) * ONE;
}

/* Samples lie in the middles of 32 x 32 equal parts of the frame. */
static void take_patch(const struct level level, struct stillmine_placed frame, patch samples) {
    const int is_whole = is_inside(frame.centre[0], frame.along[0], frame.across[0], level.width) &&
                         is_inside(frame.centre[1], frame.along[1], frame.across[1], level.height);
    const int64_t right = frame.along[0] / HALF;
    const int64_t right_down = frame.along[1] / HALF;
    const int64_t down_right = frame.across[0] / HALF;
    const int64_t down = frame.across[1] / HALF;
    const int64_t corner_x = frame.centre[0] - (2 * HALF - 1) * (right + down_right) / 2 - ONE / 2;
    const int64_t corner_y = frame.centre[1] - (2 * HALF - 1) * (right_down + down) / 2 - ONE / 2;
    for (int column = 0; column < SIDE; column++) {
        int64_t x = corner_x + column * right;
        int64_t y = corner_y + column * right_down;
        for (int row = 0; row < SIDE; row++, x += down_right, y += down) {
            samples[column][row] =
                is_whole ? sample_inside(&level, (int32_t)x, (int32_t)y) : sample_anywhere(&level, x, y);
        }
    }
}

void stillmine_sample_patch(const struct stillmine_base *base, const struct stillmine_placed *frame,
                            uint8_t samples[SIDE * SIDE]) {
    patch fine;
    const struct level base_itself = {base->levels, base->width, base->height};
    take_patch(base_itself, *frame, fine);
    for (int i = 0; i < SIDE * SIDE; i++) {
        samples[i] = (uint8_t)(fine[i / SIDE][i % SIDE] >> SAMPLE_BITS);
    }
}

/* Cosines of even frequencies see only the sums of mirrored values, odd ones only the differences. */
static void fold(const int16_t values[SIDE], int16_t sums[HALF], int16_t differences[HALF]) {
    for (int k = 0; k < HALF; k++) {
        sums[k] = (int16_t)(values[k] + values[SIDE - 1 - k]);
        differences[k] = (int16_t)(values[k] - values[SIDE - 1 - k]);
    }
}

static int32_t weigh(const int16_t *restrict values, const int16_t *restrict cosines) {
    int32_t sum = 0;
    for (int k = 0; k < HALF; k++) {
        sum += (int32_t)values[k] * cosines[k];
    }
    return sum;
}

/* Samples are below 2^11, sums of two below 2^12; sixteen of those times cosines of 2^13 below 2^29. Divided by 2^15,
 * and two of them added, they fit 16 bits once more, and the last sums 31. */
static void transform(patch samples, int32_t coefficients[COEFFICIENTS]) {
    int16_t halfway[KEPT][SIDE];
    int16_t sums[HALF];
    int16_t differences[HALF];
    for (int column = 0; column < SIDE; column++) {
        fold(samples[column], sums, differences);
        for (int frequency = 0; frequency < KEPT; frequency += 2) {
            halfway[frequency][column] = (int16_t)(weigh(differences, stillmine_patch_cosines[frequency]) / 32768);
            halfway[frequency + 1][column] = (int16_t)(weigh(sums, stillmine_patch_cosines[frequency + 1]) / 32768);
        }
    }
    for (int row = 0; row < KEPT; row++) {
        fold(halfway[row], sums, differences);
        for (int frequency = 0; frequency < KEPT; frequency += 2) {
            coefficients[row * KEPT + frequency] = weigh(differences, stillmine_patch_cosines[frequency]);
            coefficients[row * KEPT + frequency + 1] = weigh(sums, stillmine_patch_cosines[frequency + 1]);
        }
    }
}

/* The same order of bits as PDQ's: bit 16 * vertical + horizontal frequency, the last byte first. */
static void write_hash(const int32_t coefficients[COEFFICIENTS], uint8_t hash[STILLMINE_HASH_BYTES]) {
    int64_t reordered[COEFFICIENTS];
    for (int i = 0; i < COEFFICIENTS; i++) {
        reordered[i] = coefficients[i];
    }
    const int64_t median = stillmine_select_median(reordered);
    for (int byte = 0; byte < STILLMINE_HASH_BYTES; byte++) {
        uint32_t bits = 0;
        for (int bit = 0; bit < 8; bit++) {
            bits |= (uint32_t)(coefficients[8 * byte + bit] > median) << bit;
        }
        hash[STILLMINE_HASH_BYTES - 1 - byte] = (uint8_t)bits;
    }
}

/* The mirrored picture's region points the other way, so it is turned over from top to bottom: odd vertical
 * frequencies change their sign. */
void stillmine_hash_patch(const struct stillmine_base *base, const struct stillmine_placed *frame,
                          uint8_t hash[STILLMINE_HASH_BYTES], uint8_t *mirrored) {
    patch samples;
    int32_t coefficients[COEFFICIENTS];
    struct stillmine_placed halved = *frame;
    const struct level level = choose_level(base, &halved);
    take_patch(level, halved, samples);
    transform(samples, coefficients);
    write_hash(coefficients, hash);
    if (mirrored != NULL) {
        for (int row = 0; row < KEPT; row += 2) {
            for (int column = 0; column < KEPT; column++) {
                coefficients[row * KEPT + column] = -coefficients[row * KEPT + column];
            }
        }
        write_hash(coefficients, mirrored);
    }
}
