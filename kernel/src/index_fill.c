/* SPDX-License-Identifier: Apache-2.0 */
/* Many slots into the bands at once. Few go in as they come; of many, those for neighbouring buckets go in together,
 * so that a part of the table stays in cache while it is filled. */
#include <stdlib.h>

#include "index_memory.h"
#include "index_parts.h"

#define BATCH 64
#define PART_LINES 8192 /* half a megabyte of a table */
#define MOST_PARTS 1024
#define FEWEST_SORTED (UINT32_C(1) << 18)
#define MOST_SORTED (UINT32_C(1) << 23) /* at once: 96 MB of entries for each thread */

struct entry {
    uint32_t bucket;
    uint32_t slot;
    uint16_t sketch;
};

struct filling {
    struct stillmine_bands *bands;
    const struct stillmine_store *store;
    uint32_t first;
    uint32_t end;
    uint32_t live_from;
    uint32_t first_band; /* this thread fills every band_step-th band from here on */
    uint32_t band_step;
    bool is_ok;
};

static bool is_wanted(const struct filling *filling, uint32_t slot) {
    return slot >= filling->live_from ? stillmine_is_taken(filling->store, slot)
                                      : stillmine_is_live(filling->store, slot);
}

static bool fill_in_order(const struct filling *filling, uint32_t number) {
    struct stillmine_table *table = &filling->bands->tables[number];
    const struct stillmine_layout *layout = &filling->bands->layout;
    uint32_t buckets[BATCH];
    for (uint32_t start = filling->first; start < filling->end; start += BATCH) {
        const uint32_t count = filling->end - start < BATCH ? filling->end - start : BATCH;
        for (uint32_t i = 0; i < count; i++) {
            buckets[i] = stillmine_find_bucket(&layout->bands[number], stillmine_get_value(filling->store, start + i));
            __builtin_prefetch(stillmine_get_bucket(table, buckets[i]), 1);
        }
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t slot = start + i;
            const uint16_t sketch = stillmine_make_sketch(layout, number, stillmine_get_value(filling->store, slot));
            if (is_wanted(filling, slot) && !stillmine_insert_entry(table, buckets[i], sketch, slot)) {
                return false;
            }
        }
    }
    return true;
}

/* Bits of the bucket below those that choose the part. */
static uint32_t choose_shift(const struct stillmine_table *table) {
    const uint64_t last = table->home_count / table->home_lines - 1;
    uint32_t shift = 0;
    while (last >> shift > 0 && ((uint64_t)table->home_lines << (shift + 1)) <= PART_LINES) {
        shift++;
    }
    while (last >> shift >= MOST_PARTS) {
        shift++;
    }
    return shift;
}

static void sort_entries(const struct filling *filling, uint32_t number, uint32_t shift, uint32_t ends[MOST_PARTS],
                         struct entry *entries) {
    const struct stillmine_layout *layout = &filling->bands->layout;
    const struct stillmine_band *band = &layout->bands[number];
    uint32_t total = 0;
    for (uint32_t part = 0; part < MOST_PARTS; part++) {
        ends[part] = 0;
    }
    for (uint32_t slot = filling->first; slot < filling->end; slot++) {
        ends[stillmine_find_bucket(band, stillmine_get_value(filling->store, slot)) >> shift]++;
    }
    for (uint32_t part = 0; part < MOST_PARTS; part++) {
        const uint32_t count = ends[part];
        ends[part] = total; /* where the part begins; it ends here when all are placed */
        total += count;
    }
    for (uint32_t slot = filling->first; slot < filling->end; slot++) {
        const uint64_t *value = stillmine_get_value(filling->store, slot);
        const uint32_t bucket = stillmine_find_bucket(band, value);
        entries[ends[bucket >> shift]++] = (struct entry){bucket, slot, stillmine_make_sketch(layout, number, value)};
    }
}

static bool fill_sorted(const struct filling *filling, uint32_t number, struct entry *entries) {
    uint32_t ends[MOST_PARTS];
    struct stillmine_table *table = &filling->bands->tables[number];
    sort_entries(filling, number, choose_shift(table), ends, entries);
    const uint32_t count = filling->end - filling->first;
    for (uint32_t i = 0; i < count; i++) {
        if (i + BATCH < count) {
            __builtin_prefetch(stillmine_get_bucket(table, entries[i + BATCH].bucket), 1);
        }
        if (is_wanted(filling, entries[i].slot) &&
            !stillmine_insert_entry(table, entries[i].bucket, entries[i].sketch, entries[i].slot)) {
            return false;
        }
    }
    return true;
}

static bool fill_band(const struct filling *filling, uint32_t number) {
    const uint32_t total = filling->end - filling->first;
    const uint32_t most = total < MOST_SORTED ? total : MOST_SORTED;
    const size_t bytes = (size_t)most * sizeof(struct entry);
    struct entry *entries = total < FEWEST_SORTED ? NULL : stillmine_map_memory(bytes, true);
    if (entries == NULL) {
        return fill_in_order(filling, number);
    }
    bool is_ok = true;
    for (uint32_t start = filling->first; start < filling->end && is_ok; start += most) {
        struct filling part = *filling;
        part.first = start;
        part.end = filling->end - start < most ? filling->end : start + most;
        is_ok = fill_sorted(&part, number, entries);
    }
    stillmine_unmap_memory(entries, bytes);
    return is_ok;
}

static void *fill_some(void *argument) {
    struct filling *filling = argument;
    filling->is_ok = true;
    for (uint32_t i = filling->first_band; i < filling->bands->layout.band_count; i += filling->band_step) {
        filling->is_ok = filling->is_ok && fill_band(filling, i);
    }
    return NULL;
}

bool stillmine_fill_bands(struct stillmine_bands *bands, const struct stillmine_store *store, uint32_t first,
                          uint32_t end, uint32_t live_from, uint32_t threads) {
    struct filling fillings[STILLMINE_MAX_BANDS];
    pthread_t started[STILLMINE_MAX_BANDS];
    bool is_started[STILLMINE_MAX_BANDS] = {false};
    const uint32_t step = threads < 1 ? 1 : threads < bands->layout.band_count ? threads : bands->layout.band_count;
    bool is_ok = true;
    for (uint32_t i = 0; i < step; i++) {
        fillings[i] = (struct filling){bands, store, first, end, live_from, i, step, false};
        is_started[i] = i > 0 && pthread_create(&started[i], NULL, fill_some, &fillings[i]) == 0;
    }
    for (uint32_t i = 0; i < step; i++) {
        if (!is_started[i]) {
            fill_some(&fillings[i]);
        }
    }
    for (uint32_t i = 0; i < step; i++) {
        if (is_started[i]) {
            pthread_join(started[i], NULL);
        }
        is_ok = is_ok && fillings[i].is_ok;
    }
    return is_ok;
}
