/* SPDX-License-Identifier: Apache-2.0 */
/* One query over all bands. Lines are asked for a block ahead of being read, so that memory works on many at once;
 * sketches leave few candidates, whose values are asked for together in the same way. */
#include <stdlib.h>

#include "index_around.h"
#include "index_batch.h"

#define BLOCK_LINES STILLMINE_BLOCK_LINES
#define MOST_CANDIDATES 2048

struct block {
    struct stillmine_block asked;
    const struct stillmine_table *table;
    bool follows[BLOCK_LINES]; /* whether other lines of the bucket are still to be read */
};

struct probe {
    const struct stillmine_index *index;
    const uint64_t *query;
    uint32_t max_distance_bits;
    struct stillmine_loops loops;
    struct stillmine_found_list *found;
    struct stillmine_batch *batch; /* or NULL: then candidates are checked here */
    uint32_t *reads_left; /* for each query: more lines and candidates, and looking at every value is faster */
    struct block home[2];
    struct block *filled;
    struct block *waiting; /* asked for, not read yet */
    struct block extra; /* neighbours and chains */
    uint32_t candidates[MOST_CANDIDATES];
    uint32_t candidate_count;
};

enum { PROBE_DONE = 1, PROBE_SCAN = 0, PROBE_NO_MEMORY = -1 };

static int check_candidates(struct probe *probe) {
    const struct stillmine_store *store = &probe->index->store;
    const uint64_t *values[BLOCK_LINES];
    uint16_t bits[BLOCK_LINES];
    if (probe->candidate_count > *probe->reads_left) {
        return PROBE_SCAN;
    }
    *probe->reads_left -= probe->candidate_count;
    for (uint32_t start = 0; start < probe->candidate_count; start += BLOCK_LINES) {
        const uint32_t *slots = probe->candidates + start;
        const uint32_t left = probe->candidate_count - start;
        const uint32_t count = left < BLOCK_LINES ? left : BLOCK_LINES;
        for (uint32_t i = 0; i < count; i++) {
            values[i] = stillmine_get_value(store, slots[i]);
        }
        probe->loops.measure(values, count, probe->query, bits);
        for (uint32_t i = 0; i < count; i++) {
            if (bits[i] <= probe->max_distance_bits && stillmine_is_live(store, slots[i]) &&
                !stillmine_append_found(probe->found, slots[i], bits[i])) {
                return PROBE_NO_MEMORY;
            }
        }
    }
    probe->candidate_count = 0;
    return PROBE_DONE;
}

static int take_candidates(struct probe *probe, const struct stillmine_block *block) {
    struct stillmine_candidate candidates[STILLMINE_BLOCK_CANDIDATES];
    const size_t count = probe->loops.gather(block, probe->index->store.slot_count, candidates);
    int status = PROBE_DONE;
    for (size_t i = 0; i < count && status == PROBE_DONE; i++) {
        __builtin_prefetch(stillmine_get_value(&probe->index->store, candidates[i].slot));
        probe->candidates[probe->candidate_count++] = candidates[i].slot;
        if (probe->candidate_count == MOST_CANDIDATES) {
            status = check_candidates(probe);
        }
    }
    return status;
}

static int batch_candidates(struct probe *probe, const struct stillmine_block *block) {
    struct stillmine_batch *batch = probe->batch;
    if (!stillmine_make_candidate_room(batch)) {
        return PROBE_NO_MEMORY;
    }
    batch->count += probe->loops.gather(block, probe->index->store.slot_count, batch->candidates + batch->count);
    return PROBE_DONE;
}

static int read_extra(struct probe *probe);

/* In a batch the others go on. */
static int must_scan(const struct probe *probe, uint32_t query) {
    if (probe->batch == NULL) {
        return PROBE_SCAN;
    }
    probe->batch->must_scan[query] = 1;
    return PROBE_DONE;
}

static int add_extra(struct probe *probe, const union stillmine_line *line, const struct block *from, uint32_t number,
                     bool follows) {
    struct block *extra = &probe->extra;
    const uint32_t query = from->asked.queries[number];
    /* Each line of a chain that is read puts in the next. */
    while (extra->asked.count == BLOCK_LINES || (extra->asked.count > 0 && extra->table != from->table)) {
        const int status = read_extra(probe);
        if (status != PROBE_DONE) {
            return status;
        }
    }
    if (probe->reads_left[query] == 0) {
        return must_scan(probe, query);
    }
    probe->reads_left[query]--;
    __builtin_prefetch(line);
    const uint32_t place = extra->asked.count++;
    extra->table = from->table;
    extra->asked.form = from->asked.form;
    extra->asked.own_mask = from->asked.own_mask;
    extra->asked.lines[place] = line;
    extra->asked.queries[place] = (uint16_t)query;
    extra->asked.sketches[place] = from->asked.sketches[number];
    extra->asked.limits[place] = from->asked.limits[number];
    extra->asked.own_limits[place] = from->asked.own_limits[number];
    extra->follows[place] = follows;
    return PROBE_DONE;
}

static int follow_line(struct probe *probe, const struct block *block, uint32_t number, uint32_t header) {
    const struct stillmine_table *table = block->table;
    int status = PROBE_DONE;
    const uint32_t neighbours = stillmine_count_neighbours(header);
    for (uint32_t i = 0; i < neighbours && status == PROBE_DONE; i++) {
        const uint32_t bucket =
            (uint32_t)(block->asked.lines[number] - table->home); /* buckets with neighbours are one line */
        const union stillmine_line *neighbour = stillmine_get_bucket(table, stillmine_get_neighbour(bucket, i));
        status = add_extra(probe, neighbour, block, number, false);
    }
    if (header >> 8 != 0 && status == PROBE_DONE) {
        status = add_extra(probe, stillmine_get_overflow(table, (header >> 8) - 1), block, number, true);
    }
    return status;
}

static int read_block(struct probe *probe, struct block *block) {
    uint32_t followed[BLOCK_LINES];
    uint32_t followed_count = 0;
    const uint32_t count = block->asked.count;
    if (count == 0) {
        return PROBE_DONE; /* it may have no table yet */
    }
    int status = probe->batch != NULL ? batch_candidates(probe, &block->asked) : take_candidates(probe, &block->asked);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t header = stillmine_get_header(block->asked.lines[i]);
        followed[followed_count] = i;
        followed_count += (header & 15) == STILLMINE_HEAVY || (header > 15 && block->follows[i]);
    }
    block->asked.count = 0;
    for (uint32_t i = 0; i < followed_count && status == PROBE_DONE; i++) {
        const uint32_t header = stillmine_get_header(block->asked.lines[followed[i]]);
        status = (header & 15) == STILLMINE_HEAVY ? must_scan(probe, block->asked.queries[followed[i]])
                                                  : follow_line(probe, block, followed[i], header);
    }
    return status;
}

/* What it follows goes into the same block again, so it reads a copy. */
static int read_extra(struct probe *probe) {
    struct block taken = probe->extra;
    probe->extra.asked.count = 0;
    return read_block(probe, &taken);
}

/* What is filled waits, and what has waited is read: so memory always works on a block while another is read. */
static int turn_blocks(struct probe *probe) {
    struct block *read = probe->waiting;
    probe->waiting = probe->filled;
    probe->filled = read;
    const int status = read_block(probe, read);
    read->table = probe->waiting->table;
    read->asked.form = probe->waiting->asked.form;
    read->asked.own_mask = probe->waiting->asked.own_mask;
    return status;
}

/* In which band, how far, and for which query buckets are read next. */
struct reading {
    struct probe *probe;
    uint32_t radius;
    uint8_t limits[STILLMINE_MAX_INDEX_BITS + 1]; /* for the whole sketch, where so many bits of the key differ */
    uint16_t query;
    uint16_t sketch;
    int status;
};

/* A stored value within the distance has, for one band at least, d <= radius and d + d' <= radius + radius' + 1, where
 * the dashed are the following band's: spec/matching.md. So an entry whose sketch already differs in more is passed
 * over. */
static struct reading begin_band(struct probe *probe, const int *radii, uint32_t number) {
    const struct stillmine_layout *layout = &probe->index->bands->layout;
    const struct stillmine_band *band = &layout->bands[number];
    const uint32_t following = (uint32_t)(radii[(number + 1) % layout->band_count] + 1);
    const uint32_t beyond = following < band->next_bits ? following : band->next_bits;
    struct reading reading = {.probe = probe, .radius = (uint32_t)radii[number]};
    for (uint32_t bits = 0; bits <= reading.radius && bits <= STILLMINE_MAX_INDEX_BITS; bits++) {
        reading.limits[bits] = (uint8_t)(reading.radius - bits + beyond);
    }
    reading.status = probe->filled->asked.count > 0 ? turn_blocks(probe) : PROBE_DONE;
    probe->filled->table = &probe->index->bands->tables[number];
    probe->filled->asked.form = layout->form;
    probe->filled->asked.own_mask = (uint16_t)stillmine_low_mask(band->rest_bits);
    return reading;
}

static inline bool add_line(struct reading *reading, const union stillmine_line *line, uint32_t bits, bool follows) {
    struct block *block = reading->probe->filled;
    struct stillmine_block *asked = &block->asked;
    const uint32_t place = asked->count;
    __builtin_prefetch(line);
    asked->lines[place] = line;
    asked->queries[place] = reading->query;
    asked->sketches[place] = reading->sketch;
    asked->limits[place] = reading->limits[bits];
    asked->own_limits[place] = (uint8_t)(reading->radius - bits);
    block->follows[place] = follows;
    asked->count = place + 1;
    if (place + 1 == BLOCK_LINES) {
        reading->status = turn_blocks(reading->probe);
    }
    return reading->status == PROBE_DONE;
}

static inline bool add_bucket(void *receiver, uint32_t bucket, uint32_t bits) {
    struct reading *reading = receiver;
    const struct stillmine_table *table = reading->probe->filled->table;
    const union stillmine_line *line = stillmine_get_bucket(table, bucket);
    const uint32_t lines = table->home_lines;
    bool goes_on = add_line(reading, line, bits, true);
    for (uint32_t i = 1; i < lines && goes_on; i++) {
        goes_on = add_line(reading, line + i, bits, false);
    }
    return goes_on;
}

static int probe_band(struct probe *probe, const int *radii, uint32_t number) {
    const struct stillmine_layout *layout = &probe->index->bands->layout;
    struct reading reading = begin_band(probe, radii, number);
    reading.sketch = stillmine_make_sketch(layout, number, probe->query);
    if (reading.status == PROBE_DONE) {
        stillmine_find_around(&layout->bands[number], probe->query, reading.radius, add_bucket, &reading);
    }
    return reading.status;
}

static int read_rest(struct probe *probe) {
    int status = read_block(probe, probe->waiting);
    status = status == PROBE_DONE ? read_block(probe, probe->filled) : status;
    while (status == PROBE_DONE && probe->extra.asked.count > 0) {
        status = read_extra(probe);
    }
    return status == PROBE_DONE ? check_candidates(probe) : status;
}

/* Too large to be zeroed for each query. */
static void begin_probe(struct probe *probe, const stillmine_index *index, uint32_t max_distance_bits) {
    probe->index = index;
    probe->max_distance_bits = max_distance_bits;
    probe->batch = NULL;
    probe->candidate_count = 0;
    probe->filled = &probe->home[0];
    probe->waiting = &probe->home[1];
    probe->filled->asked.count = probe->waiting->asked.count = probe->extra.asked.count = 0;
    probe->loops = stillmine_choose_loops(index->level);
}

uint32_t stillmine_limit_reads(const stillmine_index *index) {
    return index->store.slot_count / 8 + BLOCK_LINES;
}

bool stillmine_read_visits(struct stillmine_batch *batch, const int *radii, uint32_t number, size_t first, size_t end) {
    struct probe probe;
    begin_probe(&probe, batch->index, batch->max_distance_bits);
    probe.batch = batch;
    probe.reads_left = batch->reads_left;
    struct reading reading = begin_band(&probe, radii, number);
    for (size_t i = first; i < end && reading.status == PROBE_DONE; i++) {
        const struct stillmine_visit *visit = &batch->sorted_visits[i];
        reading.query = visit->query;
        reading.sketch = batch->sketches[visit->query];
        if (batch->must_scan[visit->query] == 0) {
            add_bucket(&reading, visit->bucket, visit->bits);
        }
    }
    return reading.status == PROBE_DONE && read_rest(&probe) == PROBE_DONE;
}

int stillmine_probe_bands(const struct stillmine_index *index, const uint64_t query[4], uint32_t max_distance_bits,
                          struct stillmine_found_list *found) {
    struct stillmine_radii other;
    const struct stillmine_radii *chosen = &index->bands->usual;
    if (max_distance_bits != chosen->max_distance_bits) {
        other.is_cheaper =
            stillmine_plan_radii(&index->bands->layout, max_distance_bits, index->store.slot_count, other.radii);
        chosen = &other;
    }
    if (!chosen->is_cheaper) {
        return PROBE_SCAN;
    }
    struct probe probe;
    uint32_t reads_left = stillmine_limit_reads(index);
    begin_probe(&probe, index, max_distance_bits);
    probe.query = query;
    probe.found = found;
    probe.reads_left = &reads_left;
    int status = PROBE_DONE;
    for (uint32_t i = 0; i < index->bands->layout.band_count && status == PROBE_DONE; i++) {
        if (chosen->radii[i] >= 0) {
            status = probe_band(&probe, chosen->radii, i);
        }
    }
    return status == PROBE_DONE ? read_rest(&probe) : status;
}
