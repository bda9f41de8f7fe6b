/* SPDX-License-Identifier: Apache-2.0 */
/* Tries every length an axis can have, straight and mirrored, whole and shrunk: the kernel's buffers and sums rely on
 * what it checks.
 *
 * Prints the first length that breaks a rule and fails, or how many lengths were tried. */
#include <stdio.h>

#include "../src/pdq_axis.h"
#include "stillmine/pdq.h"

static uint32_t end_tap(const struct stillmine_axis *axis, uint32_t sample) {
    return stillmine_first_tap(axis, sample) + stillmine_count_taps(axis, sample);
}

/* Samples lie inside, come in order, and a row reaches at most two unfinished ones: there are two planes. */
static int has_room(const struct stillmine_axis *axis) {
    const uint32_t columns = (axis->length + axis->shrink - 1) / axis->shrink;
    /* A shrunk row may be the last of one sample and the first of the next but one: the first is finished before the
     * other begins. */
    const uint32_t shared = axis->shrink > 1;
    for (uint32_t sample = 0; sample < STILLMINE_SAMPLES; sample++) {
        const uint32_t first = stillmine_first_tap(axis, sample);
        const uint32_t end = end_tap(axis, sample);
        if (first >= columns || end > columns || end <= first || end - first > STILLMINE_MAX_TAPS) {
            return 0;
        }
        if (sample + 1 < STILLMINE_SAMPLES &&
            (end_tap(axis, sample + 1) < end || stillmine_first_tap(axis, sample + 1) < first)) {
            return 0;
        }
        if (sample + 2 < STILLMINE_SAMPLES && axis->window > 1 &&
            stillmine_first_tap(axis, sample + 2) + shared < end) {
            return 0;
        }
    }
    return 1;
}

/* Weights sum to what is divided by, and 255 times that sum fits 32 bits. */
static int adds_up(const struct stillmine_axis *axis, uint32_t sample) {
    uint64_t sum = 0;
    for (uint32_t tap = 0; tap < stillmine_count_taps(axis, sample); tap++) {
        const uint32_t weight = stillmine_weigh_tap(axis, sample, tap);
        if (weight == 0 || weight > axis->shrink * (255u * 255u + 256u)) {
            return 0;
        }
        sum += weight;
    }
    return sum == stillmine_sum_weights(axis, sample) && sum * 255 <= UINT32_MAX;
}

/* The kernel keeps one list of weights per phase, in a row of this many. */
static int fits_phases(const struct stillmine_axis *axis) {
    const uint32_t row = (STILLMINE_MAX_TAPS + axis->shrink - 1) / axis->shrink + 1;
    for (uint32_t sample = 0; sample < STILLMINE_SAMPLES; sample++) {
        if (stillmine_phase_of(axis, sample) >= axis->shrink || stillmine_count_taps(axis, sample) > row) {
            return 0;
        }
    }
    return row * axis->shrink <= STILLMINE_MAX_WEIGHTS;
}

static int keeps_rules(const struct stillmine_axis *axis) {
    return has_room(axis) && fits_phases(axis) && adds_up(axis, 0) && adds_up(axis, 1) &&
           adds_up(axis, STILLMINE_SAMPLES / 2) && adds_up(axis, STILLMINE_SAMPLES - 1);
}

int main(void) {
    uint32_t tried = 0;
    for (uint32_t length = STILLMINE_MIN_DIMENSION; length <= STILLMINE_MAX_DIMENSION; length++) {
        for (uint32_t way = 0; way < 8; way++) {
            const struct stillmine_axis axis = stillmine_make_axis(length, way % 2, 1u << way / 2);
            if (!keeps_rules(&axis)) {
                printf("length %u, mirrored %u, shrink %u\n", (unsigned)length, (unsigned)axis.is_mirrored,
                       (unsigned)axis.shrink);
                return 1;
            }
        }
        tried++;
    }
    printf("%u lengths\n", (unsigned)tried);
    return 0;
}
