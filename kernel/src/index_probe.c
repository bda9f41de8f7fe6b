/* SPDX-License-Identifier: Apache-2.0 */
/* One query over all bands. Lines are asked for a block ahead of being read, so that memory works on many at once;
 * sketches leave few candidates, whose values are asked for together in the same way. */
#include <stdlib.h>

#include "index_around.h"
#include "index_batch.h"

#define BLOCK_LINES 64
#define MOST_CANDIDATES 2048

/* Lines of one band. */
struct block {
    const struct stillmine_table *table;
    uint16_t own_mask;
    const union stillmine_line *lines[BLOCK_LINES];
    uint16_t queries[BLOCK_LINES]; /* for which they are read, of a batch */
    uint16_t sketches[BLOCK_LINES]; /* of these */
    uint8_t limits[BLOCK_LINES]; /* for the whole sketch */
    uint8_t own_limits[BLOCK_LINES]; /* for its part from the band itself */
    bool follows[BLOCK_LINES]; /* whether other lines of the bucket are still to be read */
    uint32_t count;
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

/* A call for so few bits would cost more. */
static uint32_t count_own(uint32_t bits) {
    uint32_t count = 0;
    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

static int take_candidates(struct probe *probe, const struct block *block, uint32_t number, uint32_t mask) {
    const union stillmine_line *line = block->lines[number];
    for (; mask != 0; mask &= mask - 1) {
        const uint32_t place = (uint32_t)__builtin_ctz(mask);
        const uint32_t own = (uint32_t)(line->halves[place] ^ block->sketches[number]) & block->own_mask;
        const uint32_t slot = stillmine_get_slot(line, place, block->table->form);
        if (count_own(own) > block->own_limits[number] || slot >= probe->index->store.slot_count) {
            continue;
        }
        if (probe->batch != NULL) {
            if (!stillmine_push_candidate(probe->batch, slot, block->queries[number])) {
                return PROBE_NO_MEMORY;
            }
            continue;
        }
        __builtin_prefetch(stillmine_get_value(&probe->index->store, slot));
        probe->candidates[probe->candidate_count++] = slot;
        if (probe->candidate_count == MOST_CANDIDATES) {
            const int status = check_candidates(probe);
            if (status != PROBE_DONE) {
                return status;
            }
        }
    }
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
    const uint32_t query = from->queries[number];
    /* Each line of a chain that is read puts in the next. */
    while (extra->count == BLOCK_LINES || (extra->count > 0 && extra->table != from->table)) {
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
    extra->table = from->table;
    extra->own_mask = from->own_mask;
    extra->lines[extra->count] = line;
    extra->queries[extra->count] = (uint16_t)query;
    extra->sketches[extra->count] = from->sketches[number];
    extra->limits[extra->count] = from->limits[number];
    extra->own_limits[extra->count] = from->own_limits[number];
    extra->follows[extra->count] = follows;
    extra->count++;
    return PROBE_DONE;
}

static int follow_line(struct probe *probe, const struct block *block, uint32_t number, uint32_t header) {
    const struct stillmine_table *table = block->table;
    int status = PROBE_DONE;
    const uint32_t neighbours = stillmine_count_neighbours(header);
    for (uint32_t i = 0; i < neighbours && status == PROBE_DONE; i++) {
        const uint32_t bucket =
            (uint32_t)(block->lines[number] - table->home); /* buckets with neighbours are one line */
        const union stillmine_line *neighbour = stillmine_get_bucket(table, stillmine_get_neighbour(bucket, i));
        status = add_extra(probe, neighbour, block, number, false);
    }
    if (header >> 8 != 0 && status == PROBE_DONE) {
        status = add_extra(probe, stillmine_get_overflow(table, (header >> 8) - 1), block, number, true);
    }
    return status;
}

static int read_block(struct probe *probe, struct block *block) {
    uint16_t masks[BLOCK_LINES];
    const uint32_t count = block->count;
    if (count == 0) {
        return PROBE_DONE; /* it may have no table yet */
    }
    block->count = 0;
    const uint16_t compared = block->table->form == STILLMINE_PACKED
                                  ? (uint16_t)stillmine_low_mask(STILLMINE_PACKED_SKETCH_BITS)
                                  : UINT16_MAX;
    probe->loops.filter(block->lines, block->sketches, block->limits, count, compared, masks);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t header = stillmine_get_header(block->lines[i]);
        const bool is_heavy = (header & 15) == STILLMINE_HEAVY;
        int status = is_heavy ? must_scan(probe, block->queries[i]) : PROBE_DONE;
        const uint32_t mask = masks[i] & ((1u << (header & 15)) - 1);
        if (mask != 0 && !is_heavy) {
            status = take_candidates(probe, block, i, mask);
        }
        if (header > 15 && block->follows[i] && !is_heavy && status == PROBE_DONE) {
            status = follow_line(probe, block, i, header);
        }
        if (status != PROBE_DONE) {
            return status;
        }
    }
    return PROBE_DONE;
}

/* What it follows goes into the same block again, so it reads a copy. */
static int read_extra(struct probe *probe) {
    struct block taken = probe->extra;
    probe->extra.count = 0;
    return read_block(probe, &taken);
}

/* What is filled waits, and what has waited is read: so memory always works on a block while another is read. */
static int turn_blocks(struct probe *probe) {
    struct block *read = probe->waiting;
    probe->waiting = probe->filled;
    probe->filled = read;
    const int status = read_block(probe, read);
    read->table = probe->waiting->table;
    read->own_mask = probe->waiting->own_mask;
    return status;
}

/* In which band, how far, and for which query buckets are read next. */
struct reading {
    struct probe *probe;
    uint32_t radius;
    uint32_t following; /* radius of the next band, plus one */
    uint32_t next_bits; /* of a sketch */
    uint16_t query;
    uint16_t sketch;
    int status;
};

static struct reading begin_band(struct probe *probe, const int *radii, uint32_t number) {
    const struct stillmine_layout *layout = &probe->index->bands->layout;
    const struct stillmine_band *band = &layout->bands[number];
    struct reading reading = {.probe = probe, .radius = (uint32_t)radii[number], .next_bits = band->next_bits};
    reading.following = (uint32_t)(radii[(number + 1) % layout->band_count] + 1);
    reading.status = probe->filled->count > 0 ? turn_blocks(probe) : PROBE_DONE;
    probe->filled->table = &probe->index->bands->tables[number];
    probe->filled->own_mask = (uint16_t)stillmine_low_mask(band->rest_bits);
    return reading;
}

/* A stored value within the distance has, for one band at least, d <= radius and d + d' <= radius + radius' + 1, where
 * the dashed are the following band's: spec/matching.md. So an entry whose sketch already differs in more is passed
 * over. */
static bool add_bucket(void *receiver, uint32_t bucket, uint32_t bits) {
    struct reading *reading = receiver;
    struct probe *probe = reading->probe;
    const uint32_t own_limit = reading->radius - bits;
    const uint32_t either = own_limit + reading->following;
    const uint32_t apart = own_limit + reading->next_bits;
    const union stillmine_line *line = stillmine_get_bucket(probe->filled->table, bucket);
    const uint32_t lines = probe->filled->table->home_lines;
    for (uint32_t i = 0; i < lines && reading->status == PROBE_DONE; i++) {
        struct block *block = probe->filled;
        __builtin_prefetch(line + i);
        block->lines[block->count] = line + i;
        block->queries[block->count] = reading->query;
        block->sketches[block->count] = reading->sketch;
        block->limits[block->count] = (uint8_t)(either < apart ? either : apart);
        block->own_limits[block->count] = (uint8_t)own_limit;
        block->follows[block->count] = i == 0;
        if (++block->count == BLOCK_LINES) {
            reading->status = turn_blocks(probe);
        }
    }
    return reading->status == PROBE_DONE;
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
    while (status == PROBE_DONE && probe->extra.count > 0) {
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
    probe->filled->count = probe->waiting->count = probe->extra.count = 0;
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
