/* SPDX-License-Identifier: Apache-2.0 */
/* Votes are gathered sound by sound (count, then scatter), so that each sound's shifts lie together and fit in cache.
 *
 * Must never follow a place outside its sound, whatever the tables say that belong to a removed one. */
#include "stillmine/sound.h"

#include <stdlib.h>
#include <string.h>

#define CODE_SHIFT (32 - STILLMINE_SOUND_CODE_BITS)
#define MAX_SHIFTS 16

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_POPCNT_CLONE 1
#endif

struct vote_work {
    uint32_t *places;  /* of the query, whose codes are looked up */
    size_t place_count;
    size_t *ends;      /* per sound, where its votes end */
    int32_t *shifts;   /* votes, grouped by sound */
};

static uint32_t code_of(uint32_t value) {
    return value >> CODE_SHIFT;
}

static size_t list_length(const struct stillmine_sounds *sounds, uint32_t value) {
    const uint32_t code = code_of(value);
    return sounds->starts[code + 1] - sounds->starts[code];
}

/* How many places lie on each other; 0 if that is too little of the shorter of the two. */
static uint32_t overlap_of(int64_t query_count, int64_t length, int64_t shift,
                           const struct stillmine_sound_rules *rules) {
    const int64_t start = shift < 0 ? -shift : 0;
    const int64_t end = query_count < length - shift ? query_count : length - shift;
    const int64_t shorter = query_count < length ? query_count : length;
    const int64_t overlap = end - start;
    return overlap > 0 && 1000 * overlap >= shorter * rules->matched_permille ? (uint32_t)overlap : 0;
}

static inline __attribute__((always_inline)) uint32_t errors_at(const uint32_t *a, const uint32_t *b, size_t place) {
    return (uint32_t)__builtin_popcount(a[place] ^ b[place]);
}

/* How many places lie in runs in which the two agree: the errors around each are few, as a mean. */
static inline __attribute__((always_inline)) size_t agreeing(const uint32_t *a, const uint32_t *b, size_t count,
                                                             const struct stillmine_sound_rules *rules) {
    const size_t half = rules->smoothed_values / 2;
    size_t total = 0;
    size_t run = 0;
    size_t first = 0;
    size_t end = 0;
    uint32_t errors = 0;
    for (size_t place = 0; place < count; place++) {
        for (; end < count && end < place + half; end++) {
            errors += errors_at(a, b, end);
        }
        for (; first + half < place; first++) {
            errors -= errors_at(a, b, first);
        }
        if (errors <= rules->maximum_error_bits * (end - first)) {
            run++;
            continue;
        }
        total += run >= rules->minimum_run ? run : 0;
        run = 0;
    }
    return total + (run >= rules->minimum_run ? run : 0);
}

#ifdef HAS_POPCNT_CLONE
__attribute__((target("popcnt"))) static size_t agreeing_popcnt(const uint32_t *a, const uint32_t *b, size_t count,
                                                                const struct stillmine_sound_rules *rules) {
    return agreeing(a, b, count, rules);
}
#endif

static size_t count_agreeing(const uint32_t *a, const uint32_t *b, size_t count,
                             const struct stillmine_sound_rules *rules) {
#ifdef HAS_POPCNT_CLONE
    if (__builtin_cpu_supports("popcnt")) {
        return agreeing_popcnt(a, b, count, rules);
    }
#endif
    return agreeing(a, b, count, rules);
}

struct length_at {
    size_t length;
    uint32_t place;
};

static int by_length(const void *left, const void *right) {
    const struct length_at *a = left;
    const struct length_at *b = right;
    if (a->length != b->length) {
        return a->length < b->length ? -1 : 1;
    }
    return a->place < b->place ? -1 : a->place > b->place;
}

/* Chooses the places of the query that vote: all of them, or the rarest as long as the votes last. */
static int choose_places(const struct stillmine_sounds *sounds, const uint32_t *query, size_t query_count, size_t votes,
                         struct vote_work *work) {
    struct length_at *all = malloc(query_count * sizeof *all);
    work->places = malloc(query_count * sizeof *work->places);
    if (all == NULL || work->places == NULL) {
        free(all);
        return 0;
    }
    for (size_t i = 0; i < query_count; i++) {
        all[i] = (struct length_at){list_length(sounds, query[i]), (uint32_t)i};
    }
    qsort(all, query_count, sizeof *all, by_length);
    size_t sum = 0;
    for (size_t i = 0; i < query_count && all[i].length <= votes - sum; i++) {
        sum += all[i].length;
        if (all[i].length > 0) {
            work->places[work->place_count++] = all[i].place;
        }
    }
    free(all);
    return 1;
}

/* Called for each vote that can be a match: counts it if `shifts` is NULL, else writes it after its sound's others. */
static void walk_votes(const struct stillmine_sounds *sounds, const uint32_t *query, size_t query_count,
                       const struct stillmine_sound_rules *rules, struct vote_work *work) {
    for (size_t i = 0; i < work->place_count; i++) {
        const uint32_t place = work->places[i];
        const uint32_t code = code_of(query[place]);
        for (uint32_t entry = sounds->starts[code]; entry < sounds->starts[code + 1]; entry++) {
            const struct stillmine_sound_place at = sounds->places[entry];
            if (at.sound >= sounds->count) {
                continue;
            }
            const int64_t length = (int64_t)sounds->offsets[at.sound + 1] - sounds->offsets[at.sound];
            const int64_t shift = (int64_t)at.place - place;
            if (overlap_of((int64_t)query_count, length, shift, rules) == 0) {
                continue;
            }
            const size_t end = work->ends[at.sound]++;
            if (work->shifts != NULL) {
                work->shifts[end] = (int32_t)shift;
            }
        }
    }
}

static int by_shift(const void *left, const void *right) {
    const int32_t a = *(const int32_t *)left;
    const int32_t b = *(const int32_t *)right;
    return a < b ? -1 : a > b;
}

struct tally {
    int32_t shift;
    size_t votes;
};

/* Keeps the tallies with most votes first; a later shift, which is larger, goes before its equals. */
static void keep_tally(struct tally *kept, size_t *count, size_t most, struct tally made) {
    size_t place = *count;
    while (place > 0 && kept[place - 1].votes <= made.votes) {
        place--;
    }
    if (place >= most) {
        return;
    }
    const size_t moved = (*count < most ? *count : most - 1) - place;
    memmove(&kept[place + 1], &kept[place], moved * sizeof *kept);
    kept[place] = made;
    if (*count < most) {
        (*count)++;
    }
}

static size_t tally_votes(int32_t *shifts, size_t count, struct tally *kept, size_t most) {
    size_t kept_count = 0;
    qsort(shifts, count, sizeof *shifts, by_shift);
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && shifts[end] == shifts[first]) {
            end++;
        }
        keep_tally(kept, &kept_count, most, (struct tally){shifts[first], end - first});
        first = end;
    }
    return kept_count;
}

static int is_match(const struct stillmine_sounds *sounds, uint32_t sound, const uint32_t *query, size_t query_count,
                    int32_t shift, const struct stillmine_sound_rules *rules) {
    const uint32_t *values = sounds->values + sounds->offsets[sound];
    const size_t length = sounds->offsets[sound + 1] - sounds->offsets[sound];
    const size_t shorter = query_count < length ? query_count : length;
    const uint32_t overlap = overlap_of((int64_t)query_count, (int64_t)length, shift, rules);
    const size_t start = shift < 0 ? (size_t)(-(int64_t)shift) : 0;
    const size_t matched = count_agreeing(query + start, values + (int64_t)start + shift, overlap, rules);
    return matched >= rules->minimum_matched && 1000 * matched >= shorter * rules->matched_permille;
}

static size_t collect(const struct stillmine_sounds *sounds, const uint32_t *query, size_t query_count,
                      const struct stillmine_sound_rules *rules, struct vote_work *work,
                      struct stillmine_sound_shift *found, size_t capacity) {
    const size_t most = rules->shifts < MAX_SHIFTS ? rules->shifts : MAX_SHIFTS;
    struct tally kept[MAX_SHIFTS];
    size_t total = 0;
    size_t start = 0;
    for (uint32_t sound = 0; sound < sounds->count; sound++) {
        const size_t end = work->ends[sound];
        const size_t count = most == 0 || end == start ? 0 : tally_votes(work->shifts + start, end - start, kept, most);
        start = end;
        for (size_t i = 0; i < count; i++) {
            if (!is_match(sounds, sound, query, query_count, kept[i].shift, rules)) {
                continue;
            }
            if (total < capacity) {
                found[total] = (struct stillmine_sound_shift){sound, kept[i].shift};
            }
            total++;
        }
    }
    return total;
}

/* Turns counts into starts; walk_votes then moves each start to its end. Returns the sum. */
static size_t starts_from_counts(size_t *counts, size_t count) {
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t own = counts[i];
        counts[i] = sum;
        sum += own;
    }
    return sum;
}

size_t stillmine_align_sounds(const struct stillmine_sounds *sounds, const uint32_t *query, size_t query_count,
                              const struct stillmine_sound_rules *rules, struct stillmine_sound_shift *found,
                              size_t capacity) {
    if (query_count == 0 || sounds->count == 0) {
        return 0;
    }
    size_t total = SIZE_MAX;
    struct vote_work work = {.ends = calloc(sounds->count, sizeof *work.ends)};
    if (work.ends != NULL && choose_places(sounds, query, query_count, rules->votes, &work)) {
        walk_votes(sounds, query, query_count, rules, &work);
        const size_t sum = starts_from_counts(work.ends, sounds->count);
        work.shifts = malloc((sum > 0 ? sum : 1) * sizeof *work.shifts);
        if (work.shifts != NULL) {
            walk_votes(sounds, query, query_count, rules, &work);
            total = collect(sounds, query, query_count, rules, &work, found, capacity);
        }
    }
    free(work.shifts);
    free(work.places);
    free(work.ends);
    return total;
}
