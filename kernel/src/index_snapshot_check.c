/* SPDX-License-Identifier: Apache-2.0 */
/* A file with a right checksum may still be made to harm: every number in it that leads somewhere is checked here, so
 * that a search or an update can follow it without looking. */
#include <stdlib.h>
#include <string.h>

#include "index_snapshot.h"

#define SLOT_MASK ((UINT32_C(1) << 28) - 1)

static bool check_live(struct stillmine_store *store) {
    uint32_t live = 0;
    for (uint32_t slot = 0; slot < store->slot_count; slot += 64) {
        const uint64_t word = store->live[slot >> STILLMINE_CHUNK_BITS][slot % STILLMINE_CHUNK_SLOTS / 64];
        const uint32_t left = store->slot_count - slot;
        if (left < 64 && word >> left != 0) {
            return false;
        }
        live += (uint32_t)__builtin_popcountll(word);
    }
    return live == store->live_count;
}

/* Each live slot has one entry, each entry a live slot of its own; a segment has an empty place, so that a search in it
 * comes to an end. */
static bool check_segments(struct stillmine_store *store) {
    uint64_t *seen = calloc((size_t)store->slot_count / 64 + 1, sizeof *seen);
    uint32_t total = 0;
    bool is_ok = seen != NULL;
    for (uint32_t i = 0; i < STILLMINE_SEGMENTS && is_ok; i++) {
        struct stillmine_segment *segment = &store->segments[i];
        segment->count = 0;
        for (uint32_t place = 0; place < segment->capacity && is_ok; place++) {
            const uint32_t slot = (segment->entries[place] & SLOT_MASK) - 1;
            if (segment->entries[place] == 0) {
                continue;
            }
            is_ok =
                slot < store->slot_count && stillmine_is_live(store, slot) && (seen[slot / 64] >> slot % 64 & 1) == 0;
            if (is_ok) {
                seen[slot / 64] |= UINT64_C(1) << slot % 64;
                segment->count++;
            }
        }
        is_ok = is_ok && (segment->capacity == 0 || segment->count < segment->capacity);
        total += segment->count;
    }
    free(seen);
    return is_ok && total == store->live_count;
}

static void chain_free_numbers(struct stillmine_store *store) {
    store->free_number = 0;
    for (uint32_t slot = store->slot_count; slot-- > 0;) {
        if (!stillmine_is_live(store, slot)) {
            memcpy(stillmine_get_id(store, slot), &store->free_number, sizeof store->free_number);
            store->free_number = slot + 1;
        }
    }
}

bool stillmine_check_store(struct stillmine_store *store) {
    if (!check_live(store) || !check_segments(store)) {
        return false;
    }
    chain_free_numbers(store);
    return true;
}

static bool check_entries(const union stillmine_line *line, uint32_t count, enum stillmine_form form,
                          uint32_t slot_count) {
    uint32_t largest = 0;
    for (uint32_t i = 0; i < 12; i++) { /* in most lines the high bytes of all places settle it */
        largest = line->bytes[48 + i] > largest ? line->bytes[48 + i] : largest;
    }
    if (form != STILLMINE_WIDE && largest < slot_count >> 16) {
        return true;
    }
    largest = 0;
    for (uint32_t place = 0; place < count; place++) {
        const uint32_t slot = stillmine_get_slot(line, place, form);
        largest = slot > largest ? slot : largest;
    }
    return count == 0 || largest < slot_count;
}

/* A line of a chain is led to once at most: so chains end, and lines that nothing leads to are free. */
static bool mark_chain(const struct stillmine_table *table, uint32_t header, uint8_t *is_used) {
    const uint32_t next = header >> 8;
    if (next == 0) {
        return true;
    }
    if (next > table->overflow_count || is_used[next - 1] != 0) {
        return false;
    }
    is_used[next - 1] = 1;
    return true;
}

static bool check_home(const struct stillmine_table *table, uint32_t slot_count, uint8_t *is_used) {
    const uint32_t room = stillmine_line_room(table->form);
    for (uint64_t i = 0; i < table->home_count; i++) {
        const uint32_t header = stillmine_get_header(&table->home[i]);
        const uint32_t count = header & 15;
        const bool is_heavy = count == STILLMINE_HEAVY;
        const bool is_first = table->home_lines == 1 || i % table->home_lines == 0;
        const bool may_lead = header < 16 || (is_first && (header >> 4 & 15) == 0) || table->home_lines == 1;
        if ((count > room && !is_heavy) || (is_heavy && (!is_first || header >> 8 != 0)) || !may_lead ||
            !check_entries(&table->home[i], is_heavy ? 0 : count, table->form, slot_count) ||
            !mark_chain(table, header, is_used)) {
            return false;
        }
    }
    return true;
}

/* Reads a chain from its start, which nothing but a bucket leads to. */
static bool check_overflow(const struct stillmine_table *table, uint32_t slot_count, uint8_t *is_used) {
    const uint32_t room = stillmine_line_room(table->form) - 1;
    for (uint32_t i = 0; i < table->overflow_count; i++) {
        const union stillmine_line *line = stillmine_get_overflow(table, i);
        const uint32_t header = stillmine_get_header(line);
        const uint32_t count = header & 15;
        if (count > room || (header >> 4 & 15) != 0 || !check_entries(line, count, table->form, slot_count)) {
            return false;
        }
        /* A free line has no entries; what it leads to is chained again below. */
        if (count > 0 && !mark_chain(table, header, is_used)) {
            return false;
        }
    }
    return true;
}

bool stillmine_check_table(struct stillmine_table *table, uint32_t slot_count) {
    uint8_t *is_used = calloc((size_t)table->overflow_count + 1, 1);
    bool is_ok =
        is_used != NULL && check_home(table, slot_count, is_used) && check_overflow(table, slot_count, is_used);
    table->overflow_free = 0;
    for (uint32_t i = table->overflow_count; is_ok && i-- > 0;) {
        union stillmine_line *line = stillmine_get_overflow(table, i);
        const bool is_empty = (stillmine_get_header(line) & 15) == 0;
        is_ok = is_used[i] == 0 || !is_empty;
        if (is_ok && is_used[i] == 0) {
            memset(line, 0, sizeof *line);
            line->words[15] = table->overflow_free << 8;
            table->overflow_free = i + 1;
        }
    }
    free(is_used);
    return is_ok;
}
