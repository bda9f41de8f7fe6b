/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing bands by what a search costs: random reads of memory, then reads that follow each other. */
#include "index_layout.h"

#include <stddef.h>

/* Measured on a server of 2022; only their ratio matters. */
#define RANDOM_LINE_NS 11.0
#define NEXT_LINE_NS 4.0
#define LINE_BYTES 64.0
#define NEVER 1e30

/* The memory that bands may take for each value: small indexes pay for speed, large ones have to fit. */
static double choose_budget_bytes(uint32_t count, enum stillmine_form form) {
    if (form != STILLMINE_NARROW) {
        return form == STILLMINE_WIDE ? 92.0 : 72.0;
    }
    return count >= (UINT32_C(1) << 22) ? 76.0 : 140.0;
}

static double combinations(uint32_t bits, uint32_t chosen) {
    double product = 1.0;
    for (uint32_t i = 0; i < chosen; i++) {
        product = product * (double)((int)bits - (int)i) / (double)(i + 1);
    }
    return chosen > bits ? 0.0 : product;
}

static double square_root(double value) {
    double root = value > 1.0 ? value : 1.0;
    for (int i = 0; i < 40; i++) {
        root = 0.5 * (root + value / root);
    }
    return root;
}

/* Lines that a bucket needs besides its own, where `mean` values are expected and there is room for `room`. */
static double expect_overflow(double mean, double room) {
    const double spread = (room - mean) / square_root(mean);
    if (spread >= 3.0) {
        return 0.0;
    }
    if (mean > room) {
        return NEVER; /* chains are read one line after the other */
    }
    return (3.0 - spread) * (3.0 - spread) / 18.0;
}

static double cost_buckets(uint32_t index_bits, uint32_t radius, double lines_ns) {
    double buckets = 0.0;
    for (uint32_t bits = 0; bits <= radius; bits++) {
        buckets += combinations(index_bits, bits);
    }
    return buckets * lines_ns;
}

/* Of the lines of a split bucket, those that a search of so many bits around a value reads. */
static double expect_split_lines(const struct stillmine_band *band, uint32_t radius) {
    double keys = 0.0;
    double missed = 1.0;
    for (uint32_t bits = 0; bits <= radius; bits++) {
        keys += combinations(band->split_bits, bits);
    }
    for (double key = 0.0; key < keys; key += 1.0) {
        missed *= 1.0 - 1.0 / (double)band->split_lines;
    }
    return (double)band->split_lines * (1.0 - missed);
}

/* What a search of a band costs, where a line costs so much. */
static double cost_band(const struct stillmine_band *band, uint32_t radius, double line_ns) {
    double lines = 0.0;
    if (band->split_lines < 2) {
        return cost_buckets(band->index_bits, radius, line_ns);
    }
    for (uint32_t bits = 0; bits <= radius; bits++) {
        lines += combinations(band->index_bits, bits) * expect_split_lines(band, radius - bits);
    }
    return lines * line_ns;
}

/* Lines that are read besides each line of a split bucket: some lines are for one key more than others. */
static double expect_leaning(const struct stillmine_band *band, const struct stillmine_layout *layout, double room) {
    const double key_mean = (double)layout->planned / (double)(UINT64_C(1) << band->width);
    const double keys = (double)(UINT32_C(1) << band->split_bits) / (double)band->split_lines;
    const double unseen = (double)(UINT64_C(1) << (band->width - band->index_bits - band->split_bits));
    const double fewest = (double)(uint32_t)keys;
    const double mean = key_mean * unseen;
    const double full = keys * mean > room * 0.9 ? NEVER : 0.0;
    const double small = fewest * mean < room ? expect_overflow(fewest * mean, room) : 1.0;
    const double large = (fewest + 1.0) * mean < room ? expect_overflow((fewest + 1.0) * mean, room) : 1.0;
    return full + small * (fewest + 1.0 - keys) + large * (keys - fewest);
}

/* The cheapest index bits and home lines of a band, and what searching it costs. */
static double choose_buckets(struct stillmine_band *band, uint32_t radius, const struct stillmine_layout *layout,
                             double budget_bytes) {
    const double slots = layout->form == STILLMINE_WIDE ? 10.0 : 12.0;
    double best = NEVER;
    for (uint32_t bits = STILLMINE_MIN_INDEX_BITS; bits <= band->width && bits <= STILLMINE_MAX_INDEX_BITS; bits++) {
        const double mean = (double)layout->planned / (double)(UINT64_C(1) << bits);
        const double fewest = mean / slots;
        for (uint32_t lines = 1 + (uint32_t)(fewest < 1e6 ? fewest : 1e6); lines <= STILLMINE_MAX_HOME_LINES; lines++) {
            const double extra = expect_overflow(mean, slots * (double)lines);
            const double bytes = LINE_BYTES * ((double)lines + (lines > 1 ? extra : extra / 16.0)) / mean;
            const double line_ns = RANDOM_LINE_NS + NEXT_LINE_NS * (double)(lines - 1) + RANDOM_LINE_NS * extra;
            const double cost = cost_buckets(bits, radius, line_ns);
            if (bytes <= budget_bytes && cost < best) {
                best = cost;
                band->index_bits = (uint8_t)bits;
                band->home_lines = (uint16_t)lines;
            }
            if (extra <= 0.0 || bytes > budget_bytes) {
                break; /* more lines only cost more */
            }
        }
    }
    return best;
}

/* The same with buckets of several lines of which a search reads few; what was chosen before stays if it is cheaper. */
static double choose_split(struct stillmine_band *band, uint32_t radius, const struct stillmine_layout *layout,
                           double budget_bytes, double best) {
    const double room = layout->form == STILLMINE_WIDE ? 10.0 : 12.0;
    struct stillmine_band tried = {.width = band->width, .home_lines = 1};
    for (uint32_t bits = STILLMINE_MIN_INDEX_BITS; bits < band->width && bits <= STILLMINE_MAX_INDEX_BITS; bits++) {
        const double mean = (double)layout->planned / (double)(UINT64_C(1) << bits);
        const uint32_t rest = (uint32_t)band->width - bits;
        tried.index_bits = (uint8_t)bits;
        tried.split_bits = (uint8_t)(rest < STILLMINE_MAX_SPLIT_BITS ? rest : STILLMINE_MAX_SPLIT_BITS);
        for (uint32_t lines = 2; lines < UINT32_C(1) << tried.split_bits && lines <= STILLMINE_MAX_HOME_LINES;
             lines++) {
            tried.split_lines = (uint8_t)lines;
            const double extra = expect_leaning(&tried, layout, room);
            const double bytes = LINE_BYTES * ((double)lines * (1.0 + extra / 16.0)) / mean;
            const double cost = cost_band(&tried, radius, RANDOM_LINE_NS * (1.0 + extra));
            if (bytes <= budget_bytes && cost < best) {
                best = cost;
                *band = tried;
            }
        }
    }
    return best;
}

/* Bands with radius 2 come first, the ones with radius 1 after them; bits that are left over widen the first. */
static double try_split(struct stillmine_layout *layout, uint32_t twos, uint32_t narrow, double budget_bytes) {
    const uint32_t ones = layout->band_count - twos;
    const uint32_t left = 256 - ones * narrow;
    struct stillmine_band last = {0};
    uint32_t last_radius = 0;
    double last_cost = 0.0;
    double total = 0.0;
    for (uint32_t i = 0; i < layout->band_count; i++) {
        struct stillmine_band *band = &layout->bands[i];
        const uint32_t radius = i < twos ? 2 : 1;
        const uint32_t width = i >= twos ? narrow : left / twos + (i < left % twos ? 1 : 0);
        if (width == last.width && radius == last_radius) {
            *band = last;
        } else {
            *band = (struct stillmine_band){.width = (uint8_t)width};
            const double share = budget_bytes / (double)layout->band_count;
            last_cost = choose_buckets(band, radius, layout, share);
            if (layout->has_groups) {
                last_cost = choose_split(band, radius, layout, share, last_cost);
            }
            last = *band;
            last_radius = radius;
        }
        total += last_cost;
    }
    return total;
}

/* Some slots before its limit, so that the next form is there in time. */
static enum stillmine_form choose_form(uint32_t slots, bool has_groups) {
    if (slots < STILLMINE_NARROW_SLOTS / 8 * 7) {
        return STILLMINE_NARROW;
    }
    return has_groups && slots < STILLMINE_PACKED_SLOTS / 8 * 7 ? STILLMINE_PACKED : STILLMINE_WIDE;
}

void stillmine_plan_layout(uint32_t count, uint32_t slots, bool has_groups, struct stillmine_layout *layout) {
    struct stillmine_layout tried = {.planned = count < STILLMINE_MIN_INDEXED ? STILLMINE_MIN_INDEXED : count};
    double best = NEVER;
    tried.form = choose_form(slots > count ? slots : count, has_groups);
    tried.has_groups = has_groups;
    for (double budget = choose_budget_bytes(count, tried.form); best >= NEVER; budget *= 1.25) {
        for (uint32_t ones = 1; ones <= 16; ones += 3) {
            const uint32_t twos = (STILLMINE_USUAL_DISTANCE + 1 - 2 * ones) / 3;
            tried.band_count = ones + twos;
            for (uint32_t narrow = 10; narrow <= 30 && ones * narrow <= 256 - 8 * twos; narrow++) {
                if (twos == 0 && ones * narrow != 256) {
                    continue;
                }
                if (twos > 0 && (256 - ones * narrow) / twos > 60) {
                    continue;
                }
                const double cost = try_split(&tried, twos, narrow, budget);
                if (cost < best) {
                    best = cost;
                    *layout = tried;
                }
            }
        }
    }
    (void)stillmine_complete_layout(layout);
}

/* Bits of the rest of a band that stand in a sketch. In a split bucket a line holds neighbouring keys, which their
 * lowest bits tell apart. */
static uint32_t choose_rest(const struct stillmine_band *band) {
    const uint32_t rest = (uint32_t)band->width - band->index_bits;
    uint32_t bits = 0;
    if (band->split_lines < 2) {
        return rest;
    }
    while (bits < band->split_bits && (uint32_t)band->split_lines << bits < UINT32_C(1) << band->split_bits) {
        bits++;
    }
    return bits;
}

bool stillmine_complete_layout(struct stillmine_layout *layout) {
    const uint32_t sketch_bits =
        layout->form == STILLMINE_PACKED ? STILLMINE_PACKED_SKETCH_BITS : STILLMINE_SKETCH_BITS;
    uint32_t offset = 0;
    if (layout->band_count < STILLMINE_MIN_BANDS || layout->band_count > STILLMINE_MAX_BANDS) {
        return false;
    }
    for (uint32_t i = 0; i < layout->band_count; i++) {
        struct stillmine_band *band = &layout->bands[i];
        const struct stillmine_band *next = &layout->bands[(i + 1) % layout->band_count];
        if (band->width > 63 || band->index_bits > band->width || band->index_bits < STILLMINE_MIN_INDEX_BITS ||
            band->index_bits > STILLMINE_MAX_INDEX_BITS || band->home_lines < 1 ||
            band->home_lines > STILLMINE_MAX_HOME_LINES) {
            return false;
        }
        const uint32_t rest = choose_rest(band);
        band->rest_bits = (uint8_t)(rest < sketch_bits ? rest : sketch_bits);
        const uint32_t room = sketch_bits - band->rest_bits;
        band->next_bits = (uint8_t)(next->width < room ? next->width : room);
        band->offset = (uint16_t)offset;
        offset += band->width;
    }
    return offset == 256;
}

static double cost_line(const struct stillmine_band *band) {
    return RANDOM_LINE_NS + NEXT_LINE_NS * (double)(band->home_lines - 1);
}

bool stillmine_plan_radii(const struct stillmine_layout *layout, uint32_t max_distance_bits, uint32_t count,
                          int radii[STILLMINE_MAX_BANDS]) {
    double next_cost[STILLMINE_MAX_BANDS];
    double total = 0.0;
    /* A scan reads two values with each line, in order. */
    const double scan_cost = RANDOM_LINE_NS + (double)count / 2.0 * NEXT_LINE_NS;
    for (uint32_t i = 0; i < layout->band_count; i++) {
        radii[i] = -1;
        next_cost[i] = cost_band(&layout->bands[i], 0, cost_line(&layout->bands[i]));
    }
    for (uint32_t unit = 0; unit <= max_distance_bits && total <= scan_cost; unit++) {
        uint32_t cheapest = 0;
        for (uint32_t i = 1; i < layout->band_count; i++) {
            cheapest = next_cost[i] < next_cost[cheapest] ? i : cheapest;
        }
        const struct stillmine_band *band = &layout->bands[cheapest];
        total += next_cost[cheapest];
        const uint32_t next = (uint32_t)++radii[cheapest] + 1;
        next_cost[cheapest] = cost_band(band, next, cost_line(band)) - cost_band(band, next - 1, cost_line(band));
        if (radii[cheapest] + 1 >= band->index_bits) {
            next_cost[cheapest] = NEVER; /* more would be searched than there is */
        }
    }
    return total <= scan_cost;
}
