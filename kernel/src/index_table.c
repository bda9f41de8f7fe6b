/* SPDX-License-Identifier: Apache-2.0 */
/* Entries in and out of a band's table. A bucket chains lines only while its own are full. */
#include "index_table.h"

#include <stdlib.h>
#include <string.h>

#include "index_memory.h"

#define COUNT_MASK 15u

static uint32_t count_entries(const union stillmine_line *line) {
    return stillmine_get_header(line) & COUNT_MASK;
}

static uint32_t chain_of(const union stillmine_line *line) {
    return stillmine_get_header(line) >> 8;
}

static void set_chain(union stillmine_line *line, uint32_t number_plus_one) {
    line->words[15] = (line->words[15] & 255u) | number_plus_one << 8;
}

static uint16_t *depth_of(union stillmine_line *line, enum stillmine_form form) {
    return &line->halves[stillmine_line_room(form) - 1];
}

static void set_slot(union stillmine_line *line, uint32_t place, uint32_t slot, enum stillmine_form form) {
    if (form == STILLMINE_WIDE) {
        line->halves[10 + place] = (uint16_t)slot;
        line->halves[20 + place] = (uint16_t)(slot >> 16);
    } else {
        line->halves[12 + place] = (uint16_t)slot;
        line->bytes[48 + place] = (uint8_t)(slot >> 16);
    }
}

static void put_entry(union stillmine_line *line, uint16_t sketch, uint32_t slot, enum stillmine_form form) {
    const uint32_t place = count_entries(line);
    line->halves[place] = form != STILLMINE_PACKED
                              ? sketch
                              : (uint16_t)((sketch & stillmine_low_mask(STILLMINE_PACKED_SKETCH_BITS)) |
                                           (slot >> 24) << STILLMINE_PACKED_SKETCH_BITS);
    set_slot(line, place, slot, form);
    line->words[15]++;
}

/* The last entry moves to its place, and nothing is left where that was. */
static void drop_entry(union stillmine_line *line, uint32_t place, enum stillmine_form form) {
    const uint32_t last = count_entries(line) - 1;
    line->halves[place] = line->halves[last];
    set_slot(line, place, stillmine_get_slot(line, last, form), form);
    line->halves[last] = 0;
    set_slot(line, last, 0, form);
    line->words[15]--;
}

bool stillmine_create_table(struct stillmine_table *table, const struct stillmine_layout *layout, uint32_t number) {
    const struct stillmine_band *band = &layout->bands[number];
    *table = (struct stillmine_table){.home_lines = band->home_lines, .form = layout->form};
    table->most_chained = layout->has_groups ? STILLMINE_MAX_GROUP_CHAIN : STILLMINE_MAX_CHAIN;
    table->home_count = (uint64_t)band->home_lines * stillmine_count_lines(band) << band->index_bits;
    table->home = stillmine_map_memory((size_t)table->home_count * STILLMINE_LINE_BYTES, true);
    return table->home != NULL;
}

void stillmine_discard_table(struct stillmine_table *table) {
    if (!table->is_mapped) {
        stillmine_unmap_memory(table->home, (size_t)table->home_count * STILLMINE_LINE_BYTES);
    }
    for (uint32_t i = 0; i < table->overflow_chunks; i++) {
        stillmine_unmap_memory(table->overflow[i], STILLMINE_OVERFLOW_CHUNK * sizeof(union stillmine_line));
    }
    free(table->overflow);
    *table = (struct stillmine_table){0};
}

size_t stillmine_measure_table(const struct stillmine_table *table) {
    const size_t chunk = STILLMINE_OVERFLOW_CHUNK * sizeof(union stillmine_line) + sizeof(void *);
    return (size_t)table->home_count * STILLMINE_LINE_BYTES + table->overflow_chunks * chunk;
}

static bool grow_overflow(struct stillmine_table *table) {
    const uint32_t chunks = table->overflow_chunks;
    if ((chunks & (chunks - 1)) == 0) { /* the directory doubles at powers of two */
        union stillmine_line **grown = realloc(table->overflow, (chunks == 0 ? 1 : 2 * (size_t)chunks) * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        table->overflow = grown;
    }
    table->overflow[chunks] = stillmine_map_memory(STILLMINE_OVERFLOW_CHUNK * sizeof(union stillmine_line), false);
    if (table->overflow[chunks] == NULL) {
        return false;
    }
    table->overflow_chunks++;
    return true;
}

bool stillmine_copy_overflow(struct stillmine_table *table, const uint8_t *lines, uint32_t count) {
    for (; table->overflow_count < count; table->overflow_count++) {
        if (table->overflow_count == table->overflow_chunks * STILLMINE_OVERFLOW_CHUNK && !grow_overflow(table)) {
            return false;
        }
        memcpy(stillmine_get_overflow(table, table->overflow_count),
               lines + (size_t)table->overflow_count * STILLMINE_LINE_BYTES, STILLMINE_LINE_BYTES);
    }
    return true;
}

/* An empty line's number plus one; 0 when there is no memory. */
static uint32_t take_overflow(struct stillmine_table *table) {
    const uint32_t free_line = table->overflow_free;
    if (free_line != 0) {
        union stillmine_line *line = stillmine_get_overflow(table, free_line - 1);
        table->overflow_free = chain_of(line);
        memset(line, 0, sizeof *line);
        return free_line;
    }
    if (table->overflow_count == table->overflow_chunks * STILLMINE_OVERFLOW_CHUNK && !grow_overflow(table)) {
        return 0;
    }
    return ++table->overflow_count;
}

static void give_overflow(struct stillmine_table *table, uint32_t number_plus_one) {
    union stillmine_line *line = stillmine_get_overflow(table, number_plus_one - 1);
    memset(line, 0, sizeof *line);
    set_chain(line, table->overflow_free);
    table->overflow_free = number_plus_one;
}

/* Entries of this bucket in neighbours stay there and are looked for there; a neighbour's entries here are lost, which
 * is safe: its search reads this line too, and finds it heavy. */
static void make_heavy(struct stillmine_table *table, union stillmine_line *bucket) {
    for (uint32_t line = chain_of(bucket); line != 0;) {
        const uint32_t next = chain_of(stillmine_get_overflow(table, line - 1));
        give_overflow(table, line);
        line = next;
    }
    const uint32_t neighbours = stillmine_get_header(bucket) & 0xF0u;
    memset(bucket, 0, table->home_lines * sizeof *bucket);
    bucket->words[15] = STILLMINE_HEAVY | neighbours;
}

static bool chain_entry(struct stillmine_table *table, union stillmine_line *bucket, uint16_t sketch, uint32_t slot) {
    const uint32_t room = stillmine_line_room(table->form) - 1;
    const uint32_t first = chain_of(bucket);
    uint16_t depth = 1;
    if (first != 0) {
        union stillmine_line *head = stillmine_get_overflow(table, first - 1);
        if (count_entries(head) < room) {
            put_entry(head, sketch, slot, table->form);
            return true;
        }
        depth = (uint16_t)(*depth_of(head, table->form) + 1);
    }
    if (depth > table->most_chained || (table->overflow_count >= STILLMINE_MAX_OVERFLOW && table->overflow_free == 0)) {
        make_heavy(table, bucket);
        return true;
    }
    const uint32_t added = take_overflow(table);
    if (added == 0) {
        return false;
    }
    union stillmine_line *line = stillmine_get_overflow(table, added - 1);
    *depth_of(line, table->form) = depth;
    set_chain(line, first);
    put_entry(line, sketch, slot, table->form);
    set_chain(bucket, added);
    return true;
}

static bool lean_on_neighbour(struct stillmine_table *table, uint32_t bucket, uint16_t sketch, uint32_t slot) {
    union stillmine_line *home = stillmine_get_bucket(table, bucket);
    for (uint32_t i = 0; i < STILLMINE_MAX_NEIGHBOURS; i++) {
        union stillmine_line *neighbour = stillmine_get_bucket(table, stillmine_get_neighbour(bucket, i));
        if (count_entries(neighbour) < stillmine_line_room(table->form)) { /* heavy counts as full */
            put_entry(neighbour, sketch, slot, table->form);
            if (stillmine_count_neighbours(stillmine_get_header(home)) <= i) {
                home->words[15] = (home->words[15] & ~0xF0u) | (i + 1) << 4;
            }
            return true;
        }
    }
    return false;
}

bool stillmine_insert_entry(struct stillmine_table *table, uint32_t bucket, uint16_t sketch, uint32_t slot) {
    union stillmine_line *home = stillmine_get_bucket(table, bucket);
    const uint32_t room = stillmine_line_room(table->form);
    if (count_entries(home) == STILLMINE_HEAVY) {
        return true;
    }
    for (uint32_t i = 0; i < table->home_lines; i++) {
        if (count_entries(home + i) < room) {
            put_entry(home + i, sketch, slot, table->form);
            return true;
        }
    }
    if (table->home_lines == 1 && lean_on_neighbour(table, bucket, sketch, slot)) {
        return true;
    }
    return chain_entry(table, home, sketch, slot);
}

static bool erase_from_line(union stillmine_line *line, uint32_t slot, enum stillmine_form form) {
    const uint32_t count = count_entries(line);
    for (uint32_t place = 0; count != STILLMINE_HEAVY && place < count; place++) {
        if (stillmine_get_slot(line, place, form) == slot) {
            drop_entry(line, place, form);
            return true;
        }
    }
    return false;
}

/* An entry of the chain's first line moves to `target`, which has room; a first line without entries is given back. */
static void pull_entry(struct stillmine_table *table, union stillmine_line *bucket, union stillmine_line *target) {
    const uint32_t first = chain_of(bucket);
    if (first == 0) {
        return;
    }
    union stillmine_line *head = stillmine_get_overflow(table, first - 1);
    if (head != target && count_entries(head) > 0) {
        const uint32_t last = count_entries(head) - 1;
        put_entry(target, head->halves[last], stillmine_get_slot(head, last, table->form), table->form);
        drop_entry(head, last, table->form);
    }
    if (count_entries(head) == 0) {
        set_chain(bucket, chain_of(head));
        give_overflow(table, first);
    }
}

void stillmine_erase_entry(struct stillmine_table *table, uint32_t bucket, uint32_t slot) {
    union stillmine_line *home = stillmine_get_bucket(table, bucket);
    for (uint32_t i = 0; i < table->home_lines; i++) {
        if (erase_from_line(home + i, slot, table->form)) {
            pull_entry(table, home, home + i);
            return;
        }
    }
    for (uint32_t i = 0; i < stillmine_count_neighbours(stillmine_get_header(home)); i++) {
        union stillmine_line *neighbour = stillmine_get_bucket(table, stillmine_get_neighbour(bucket, i));
        if (erase_from_line(neighbour, slot, table->form)) {
            pull_entry(table, neighbour, neighbour);
            return;
        }
    }
    for (uint32_t line = chain_of(home); line != 0;) {
        union stillmine_line *chained = stillmine_get_overflow(table, line - 1);
        if (erase_from_line(chained, slot, table->form)) {
            pull_entry(table, home, chained);
            return;
        }
        line = chain_of(chained);
    }
}
