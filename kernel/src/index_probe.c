/* SPDX-License-Identifier: Apache-2.0 */
/* One query over all bands. Lines are asked for a block ahead of being read, so that memory works on many at once;
 * sketches leave few candidates, whose values are asked for together in the same way. */
#include <stdlib.h>

#include "index_batch.h"

#define BLOCK_LINES 64
#define MOST_CANDIDATES 2048

/* Lines of one band for one query. */
struct block {
    const struct stillmine_table *table;
    uint32_t query; /* of a batch */
    uint16_t sketch;
    uint16_t own_mask;
    const union stillmine_line *lines[BLOCK_LINES];
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
    uint64_t reads_left; /* more lines and candidates, and looking at every value is faster */
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
    if (probe->candidate_count > probe->reads_left) {
        return PROBE_SCAN;
    }
    probe->reads_left -= probe->candidate_count;
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
        const uint32_t own = (uint32_t)(line->halves[place] ^ block->sketch) & block->own_mask;
        const uint32_t slot = stillmine_get_slot(line, place, block->table->form);
        if (count_own(own) > block->own_limits[number] || slot >= probe->index->store.slot_count) {
            continue;
        }
        if (probe->batch != NULL) {
            if (!stillmine_push_candidate(probe->batch, slot, block->query)) {
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
    while (
        extra->count == BLOCK_LINES ||
        (extra->count > 0 && (extra->table != from->table ||
                              extra->query != from->query))) { /* each line of a chain that is read puts in the next */
        const int status = read_extra(probe);
        if (status != PROBE_DONE) {
            return status;
        }
    }
    if (probe->reads_left == 0) {
        return must_scan(probe, from->query);
    }
    probe->reads_left--;
    __builtin_prefetch(line);
    extra->table = from->table;
    extra->query = from->query;
    extra->sketch = from->sketch;
    extra->own_mask = from->own_mask;
    extra->lines[extra->count] = line;
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
    probe->loops.filter(block->lines, block->limits, count, block->sketch, compared, masks);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t header = stillmine_get_header(block->lines[i]);
        if ((header & 15) == STILLMINE_HEAVY) {
            return must_scan(probe, block->query);
        }
        int status = PROBE_DONE;
        const uint32_t mask = masks[i] & ((1u << (header & 15)) - 1);
        if (mask != 0) {
            status = take_candidates(probe, block, i, mask);
        }
        if (header > 15 && block->follows[i] && status == PROBE_DONE) {
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
    read->query = probe->waiting->query;
    read->sketch = probe->waiting->sketch;
    read->own_mask = probe->waiting->own_mask;
    return status;
}

static int add_bucket(struct probe *probe, uint32_t bucket, uint32_t limit, uint32_t own_limit) {
    const union stillmine_line *line = stillmine_get_bucket(probe->filled->table, bucket);
    const uint32_t lines = probe->filled->table->home_lines;
    for (uint32_t i = 0; i < lines; i++) {
        struct block *block = probe->filled;
        __builtin_prefetch(line + i);
        block->lines[block->count] = line + i;
        block->limits[block->count] = (uint8_t)limit;
        block->own_limits[block->count] = (uint8_t)own_limit;
        block->follows[block->count] = i == 0;
        if (++block->count == BLOCK_LINES) {
            const int status = turn_blocks(probe);
            if (status != PROBE_DONE) {
                return status;
            }
        }
    }
    return PROBE_DONE;
}

/* The next larger number with as many bits set. */
static uint64_t next_combination(uint64_t bits) {
    const uint64_t lowest = bits & (0 - bits);
    const uint64_t carried = bits + lowest;
    return carried | ((bits ^ carried) >> 2 >> __builtin_ctzll(bits));
}

/* The lines of a split bucket that may hold a value whose splitting bits differ from these in at most so many. */
static uint64_t choose_lines(const struct stillmine_band *band, uint32_t split, uint32_t most_bits) {
    uint64_t lines = 0;
    for (uint32_t other = 0; other < UINT32_C(1) << band->split_bits; other++) {
        if (count_own(other ^ split) <= most_bits) {
            lines |= UINT64_C(1) << stillmine_split_line(band, other);
        }
    }
    return lines;
}

static int add_lines(struct probe *probe, const struct stillmine_band *band, uint32_t key, uint64_t lines,
                     uint32_t limit, uint32_t own_limit) {
    int status = PROBE_DONE;
    if (band->split_lines < 2) {
        return add_bucket(probe, key, limit, own_limit);
    }
    for (; lines != 0 && status == PROBE_DONE; lines &= lines - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(lines);
        status = add_bucket(probe, key * band->split_lines + line, limit, own_limit);
    }
    return status;
}

/* A stored value within the distance has, for one band at least, d <= radius and d + d' <= radius + radius' + 1, where
 * the dashed are the following band's: spec/matching.md. So an entry whose sketch already differs in more is passed
 * over. */
static int probe_band(struct probe *probe, const int *radii, uint32_t number, uint32_t query) {
    const struct stillmine_layout *layout = &probe->index->bands->layout;
    const struct stillmine_band *band = &layout->bands[number];
    const uint32_t radius = (uint32_t)radii[number];
    const uint32_t following = (uint32_t)(radii[(number + 1) % layout->band_count] + 1);
    const uint32_t key = stillmine_find_key(band, probe->query);
    const uint32_t split = stillmine_find_split(band, probe->query);
    int status = probe->filled->count > 0 ? turn_blocks(probe) : PROBE_DONE;
    probe->filled->table = &probe->index->bands->tables[number];
    probe->filled->query = query;
    probe->filled->sketch = stillmine_make_sketch(layout, number, probe->query);
    probe->filled->own_mask = (uint16_t)stillmine_low_mask(band->rest_bits);
    for (uint32_t bits = 0; bits <= radius && bits <= band->index_bits && status == PROBE_DONE; bits++) {
        const uint32_t own_limit = radius - bits;
        const uint32_t either = own_limit + following;
        const uint32_t apart = own_limit + band->next_bits;
        const uint32_t limit = either < apart ? either : apart;
        const uint64_t lines = band->split_lines < 2 ? 0 : choose_lines(band, split, own_limit);
        uint64_t flipped = stillmine_low_mask(bits);
        do {
            status = add_lines(probe, band, key ^ (uint32_t)flipped, lines, limit, own_limit);
            flipped = bits == 0 ? UINT64_MAX : next_combination(flipped);
        } while (flipped <= stillmine_low_mask(band->index_bits) && status == PROBE_DONE);
    }
    return status;
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
    probe->reads_left = index->store.slot_count / 8 + BLOCK_LINES;
}

bool stillmine_probe_batch(struct stillmine_batch *batch, const int *radii, uint32_t number, uint32_t first,
                           uint32_t end) {
    struct probe probe;
    int status = PROBE_DONE;
    begin_probe(&probe, batch->index, batch->max_distance_bits);
    probe.batch = batch;
    for (uint32_t query = first; query < end && status == PROBE_DONE; query++) {
        if (batch->must_scan[query] == 0) {
            probe.query = batch->queries[query];
            probe.reads_left = batch->index->store.slot_count / 8 + BLOCK_LINES;
            status = probe_band(&probe, radii, number, query);
        }
    }
    return status == PROBE_DONE && read_rest(&probe) == PROBE_DONE;
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
    begin_probe(&probe, index, max_distance_bits);
    probe.query = query;
    probe.found = found;
    int status = PROBE_DONE;
    for (uint32_t i = 0; i < index->bands->layout.band_count && status == PROBE_DONE; i++) {
        if (chosen->radii[i] >= 0) {
            status = probe_band(&probe, chosen->radii, i, 0);
        }
    }
    return status == PROBE_DONE ? read_rest(&probe) : status;
}
