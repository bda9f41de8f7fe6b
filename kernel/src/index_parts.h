/* SPDX-License-Identifier: Apache-2.0 */
/* The index as its own files see it.
 *
 * Two locks. `updates` is held by whoever changes anything, from beginning to end; under it alone everything may be
 * read, and tables that no search sees may be written. `searches` is held for writing for each change that a search
 * could see. Order: updates, then searches. Ids are read and written under `updates` only, except those of live slots,
 * which searches read. */
#ifndef STILLMINE_INDEX_PARTS_H
#define STILLMINE_INDEX_PARTS_H

#include <pthread.h>

#include "index_layout.h"
#include "index_level.h"
#include "index_lock.h"
#include "index_store.h"
#include "index_table.h"

/* A distance, and how far each band is searched for it. */
struct stillmine_radii {
    uint32_t max_distance_bits;
    bool is_cheaper; /* than looking at every value */
    int radii[STILLMINE_MAX_BANDS];
};

struct stillmine_bands {
    struct stillmine_layout layout;
    struct stillmine_radii usual; /* for the distance of a match, when they were made */
    struct stillmine_table tables[STILLMINE_MAX_BANDS];
};

/* New bands that a background thread fills, slot by slot; updates to slots before `next_slot` go to both. */
struct stillmine_rebuild {
    stillmine_index *index;
    struct stillmine_bands *bands;
    uint32_t next_slot;
    bool has_failed;
};

struct stillmine_index {
    pthread_mutex_t updates;
    pthread_cond_t rebuild_ended;
    struct stillmine_lock searches;
    struct stillmine_store store;
    struct stillmine_bands *bands; /* NULL: every search looks at every value */
    uint64_t bands_changed; /* how often others took their place */
    struct stillmine_rebuild *rebuild;
    uint32_t rebuilders; /* threads that have not ended, this and others */
    uint32_t churn; /* updates since the bands were made */
    uint32_t failed_at; /* number of values when there was no memory for new bands, or 0 */
    bool is_closing;
    bool is_loading; /* no bands are made */
    int level;
    void *mapping; /* of a snapshot, or NULL */
    size_t mapping_bytes;
    uint64_t nibbles[64][16][4]; /* what each half byte of a value contributes to the permuted one */
};

struct stillmine_found {
    uint32_t slot;
    uint32_t distance_bits;
};

/* With `most`, a list that has so many is handed over and goes on empty. */
struct stillmine_found_list {
    struct stillmine_found *items;
    size_t count;
    size_t capacity;
    size_t most;
    void (*hand_over)(struct stillmine_found_list *list, void *receiver);
    void *receiver;
};

bool stillmine_append_found(struct stillmine_found_list *list, uint32_t slot, uint32_t distance_bits);

/* 1: done; 0: look at every value instead; -1: no memory. */
int stillmine_probe_bands(const struct stillmine_index *index, const uint64_t query[4], uint32_t max_distance_bits,
                          struct stillmine_found_list *found);
/* False when there is no memory. */
bool stillmine_scan_store(const struct stillmine_index *index, const uint64_t query[4], uint32_t max_distance_bits,
                          struct stillmine_found_list *found);

int stillmine_create_shaped(stillmine_index **index, struct stillmine_shape shape);

void stillmine_prepare_permutation(stillmine_index *index);
void stillmine_permute_value(const stillmine_index *index, const uint8_t value[STILLMINE_FINGERPRINT_BYTES],
                             uint64_t permuted[4]);
/* The value again. */
void stillmine_restore_value(const stillmine_index *index, const uint64_t permuted[4],
                             uint8_t value[STILLMINE_FINGERPRINT_BYTES]);

/* Empty tables for so many values, in up to so many slots; NULL when there is no memory. */
struct stillmine_bands *stillmine_create_bands(const struct stillmine_store *store, uint32_t count, uint32_t slots);
void stillmine_plan_usual(struct stillmine_bands *bands);
void stillmine_discard_bands(struct stillmine_bands *bands);
/* False when there is no memory: then some tables have it and the bands are to be discarded. */
bool stillmine_insert_slot(struct stillmine_bands *bands, const uint64_t value[4], uint32_t slot);
void stillmine_erase_slot(struct stillmine_bands *bands, const uint64_t value[4], uint32_t slot);
/* Live slots from `first` up to `end` into the bands, on so many threads; from `live_from` on, where live bits are not
 * written yet, those that belong to an id. */
bool stillmine_fill_bands(struct stillmine_bands *bands, const struct stillmine_store *store, uint32_t first,
                          uint32_t end, uint32_t live_from, uint32_t threads);

/* What is added under one id; where ids have one value there are no notes. */
struct stillmine_entry {
    const uint8_t *id;
    const uint8_t *id_note;
    const uint64_t (*values)[STILLMINE_VALUE_WORDS]; /* permuted */
    const uint8_t *value_notes;
    uint32_t count;
};

/* Under `updates`. */
int stillmine_add_locked(stillmine_index *index, const struct stillmine_entry *entry);
/* Writes what no search sees yet: everything but the live bits and the tables. */
void stillmine_write_entry(struct stillmine_store *store, uint32_t number, const struct stillmine_entry *entry);

/* Under `updates`: all values into new bands, and the slots from first_slot up to end_slot shown. */
void stillmine_show_slots(stillmine_index *index, uint32_t first_slot, uint32_t end_slot, uint32_t threads);

/* Under `updates`: starts a rebuild if the bands no longer fit what is stored. */
void stillmine_consider_rebuild(stillmine_index *index);
/* Under `updates`: a thread moves the tables out of a snapshot's mapping into large pages. */
void stillmine_start_moving(stillmine_index *index);
/* Under `updates`: whatever is under way comes to nothing. */
void stillmine_cancel_rebuild(stillmine_index *index);

#endif
