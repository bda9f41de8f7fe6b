/* SPDX-License-Identifier: Apache-2.0 */
/* Where one sound may lie in many others: votes of equal codes for a shift in time, then how long the two agree.
 *
 * Hosted. The caller owns all buffers; what a match is, spec/screen.md says. */
#ifndef STILLMINE_SOUND_H
#define STILLMINE_SOUND_H

#include <stddef.h>
#include <stdint.h>

#define STILLMINE_SOUND_CODE_BITS 14
#define STILLMINE_SOUND_CODES (1u << STILLMINE_SOUND_CODE_BITS)
#define STILLMINE_NO_SOUND UINT32_MAX

/* A place in a sound; sound STILLMINE_NO_SOUND is an entry whose sound was removed. */
struct stillmine_sound_place {
    uint32_t sound;
    uint32_t place;
};

/* `count` sounds, one behind the other in `values`; sound s is offsets[s] to offsets[s + 1]. `places` are grouped by
 * the highest bits of the value there: those of code c are starts[c] to starts[c + 1]. */
struct stillmine_sounds {
    const uint32_t *values;
    const uint32_t *offsets;
    size_t count;
    const uint32_t *starts;
    const struct stillmine_sound_place *places;
};

/* Place p of the query lies on place p + shift of the sound. */
struct stillmine_sound_shift {
    uint32_t sound;
    int32_t shift;
};

/* Lengths in values. Errors are bits of 32, as a mean over smoothed_values of them. */
struct stillmine_sound_rules {
    uint32_t maximum_error_bits;
    uint32_t smoothed_values;
    uint32_t minimum_run;
    uint32_t minimum_matched;
    /* Of the shorter of the two, in 1/1000. */
    uint32_t matched_permille;
    /* Shifts looked at of one sound: those with most votes, of equals the larger shift. At most 16. */
    uint32_t shifts;
    /* Votes counted in all; above, the query's rarest codes are used. */
    size_t votes;
};

/* Writes the shifts at which a sound agrees with the query for long enough, in order of sound and then of votes, at
 * most `capacity` of them, and returns how many there are; SIZE_MAX if there is no memory. */
size_t stillmine_align_sounds(const struct stillmine_sounds *sounds, const uint32_t *query, size_t query_count,
                              const struct stillmine_sound_rules *rules, struct stillmine_sound_shift *found,
                              size_t capacity);

#endif
