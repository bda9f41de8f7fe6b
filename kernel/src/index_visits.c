/* SPDX-License-Identifier: Apache-2.0 */
/* Band by band: first which buckets the queries visit, which is arithmetic and needs no lock, then in order of memory
 * what stands there. */
#include "index_visits.h"

#include <string.h>

#include "index_around.h"

#define MOST_VISITS ((size_t)1 << 19) /* gathered before they are read */
#define VISITS_AT_ONCE ((size_t)8192) /* under one lock */

/* One band for all queries of a batch. */
struct look {
    stillmine_index *index;
    struct stillmine_batch *batch;
    const struct stillmine_plan *plan;
    uint32_t number;
    uint32_t query;
    bool is_same;
    bool is_ok;
};

void stillmine_make_plan(stillmine_index *index, uint32_t max_distance_bits, struct stillmine_plan *plan) {
    *plan = (struct stillmine_plan){.chosen = {.max_distance_bits = max_distance_bits}};
    stillmine_begin_read(&index->searches);
    if (index->bands != NULL) {
        plan->layout = index->bands->layout;
        plan->changed = index->bands_changed;
        if (index->bands->usual.max_distance_bits == max_distance_bits) {
            plan->chosen = index->bands->usual;
        } else {
            plan->chosen.is_cheaper =
                stillmine_plan_radii(&plan->layout, max_distance_bits, index->store.slot_count, plan->chosen.radii);
        }
    }
    stillmine_end_read(&index->searches);
    plan->has_bands = plan->layout.band_count > 0 && plan->chosen.is_cheaper;
}

static void read_all(struct look *look) {
    struct stillmine_batch *batch = look->batch;
    const struct stillmine_band *band = &look->plan->layout.bands[look->number];
    const uint64_t buckets = (uint64_t)stillmine_count_lines(band) << band->index_bits;
    look->is_ok = look->is_ok && stillmine_sort_visits(batch, buckets, band->home_lines);
    for (size_t first = 0; first < batch->visit_count && look->is_same && look->is_ok; first += VISITS_AT_ONCE) {
        const size_t left = batch->visit_count - first;
        const size_t end = first + (left < VISITS_AT_ONCE ? left : VISITS_AT_ONCE);
        stillmine_begin_read(&look->index->searches);
        look->is_same = look->index->bands_changed == look->plan->changed;
        look->is_ok =
            !look->is_same || stillmine_read_visits(batch, look->plan->chosen.radii, look->number, first, end);
        stillmine_end_read(&look->index->searches);
    }
    batch->visit_count = 0;
}

static bool take_bucket(void *receiver, uint32_t bucket, uint32_t bits) {
    struct look *look = receiver;
    const struct stillmine_visit visit = {bucket, (uint16_t)look->query, (uint16_t)bits};
    if (look->batch->visit_count == MOST_VISITS) {
        read_all(look);
    }
    look->is_ok = look->is_ok && stillmine_push_visit(look->batch, visit);
    return look->is_ok && look->is_same;
}

static void look_in_band(struct look *look, uint32_t count, uint32_t most_reads) {
    struct stillmine_batch *batch = look->batch;
    const struct stillmine_layout *layout = &look->plan->layout;
    const int radius = look->plan->chosen.radii[look->number];
    for (look->query = 0; look->query < count && look->is_ok && look->is_same && radius >= 0; look->query++) {
        const uint64_t *value = batch->queries[look->query];
        if (batch->must_scan[look->query] == 0) {
            batch->sketches[look->query] = stillmine_make_sketch(layout, look->number, value);
            batch->reads_left[look->query] = most_reads;
            stillmine_find_around(&layout->bands[look->number], value, (uint32_t)radius, take_bucket, look);
        }
    }
    read_all(look);
}

bool stillmine_look_up_batch(stillmine_index *index, struct stillmine_batch *batch, uint32_t count,
                             const struct stillmine_plan *plan, bool *is_same) {
    struct look look = {.index = index, .batch = batch, .plan = plan, .is_same = true, .is_ok = true};
    stillmine_begin_read(&index->searches);
    const uint32_t most_reads = stillmine_limit_reads(index);
    stillmine_end_read(&index->searches);
    for (; look.number < plan->layout.band_count && look.is_same && look.is_ok; look.number++) {
        look_in_band(&look, count, most_reads);
    }
    stillmine_begin_read(&index->searches);
    look.is_ok = look.is_ok && stillmine_check_batch(batch);
    stillmine_end_read(&index->searches);
    *is_same = look.is_same;
    return look.is_ok;
}
