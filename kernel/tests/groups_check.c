/* SPDX-License-Identifier: Apache-2.0 */
/* groups_check operations SEED STEPS | threads SECONDS | lines | bands COUNT: ids with several values against a plain
 * model, while others change them, lines of each form by themselves, and values that one band alone can find. Built by
 * tests/kernel/test_groups_c.py, also with limits so low that every form of lines is met. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "../src/index_parts.h"
#include "groups_model.h"

static bool is_zero(const void *bytes, size_t count) {
    const uint8_t *each = bytes;
    uint8_t all = 0;
    for (size_t i = 0; i < count; i++) {
        all |= each[i];
    }
    return all == 0;
}

/* Nothing is left of what was removed: not in the store, and no entry in a line. */
static void check_zeros(const stillmine_index *index) {
    const struct stillmine_store *store = &index->store;
    for (uint32_t slot = 0; slot < store->slot_count; slot++) {
        REQUIRE(is_zero(stillmine_get_value(store, slot), STILLMINE_FINGERPRINT_BYTES));
        REQUIRE(is_zero(stillmine_get_note(store, slot), NOTE));
    }
    for (uint32_t number = 0; number < store->slot_count / MOST; number++) {
        REQUIRE(is_zero(stillmine_get_id(store, number) + sizeof(uint32_t), store->id_bytes - sizeof(uint32_t)));
    }
    for (uint32_t band = 0; index->bands != NULL && band < index->bands->layout.band_count; band++) {
        const struct stillmine_table *table = &index->bands->tables[band];
        for (uint64_t line = 0; line < table->home_count; line++) {
            REQUIRE(is_zero(table->home[line].bytes, 60) && (stillmine_get_header(&table->home[line]) & 15) % 15 == 0);
        }
        for (uint32_t line = 0; line < table->overflow_count; line++) {
            REQUIRE(is_zero(stillmine_get_overflow(table, line)->bytes, 60));
        }
    }
}

static void check_operations(uint64_t seed, uint32_t steps) {
    struct groups_model *model = calloc(1, sizeof *model);
    stillmine_index *index;
    model->model.state = seed;
    REQUIRE(stillmine_create_groups(&index, (struct stillmine_shape){MOST, NOTE, ID_NOTE}) == STILLMINE_INDEX_OK);
    for (uint32_t i = 0; i < steps; i++) {
        const uint32_t step = (uint32_t)draw(&model->model);
        take_step(model, index, step % 12, (step >> 4) % IDS, step >> 16);
    }
    stillmine_settle_index(index);
    remove_some(model, index, 0, IDS);
    stillmine_settle_index(index);
    REQUIRE(stillmine_count_ids(index) == 0 && stillmine_count_values(index) == 0);
    check_zeros(index);
    stillmine_destroy_index(index);
    free(model);
}

/* Slots that need every bit of the form go in, are read back and taken out again. */
static void check_lines(enum stillmine_form form, uint32_t most_slots) {
    struct stillmine_layout layout = {.band_count = 4, .form = form, .has_groups = true};
    struct stillmine_table table;
    struct model *random = calloc(1, sizeof *random);
    uint32_t slots[200];
    layout.bands[0] = (struct stillmine_band){.width = 20, .index_bits = 6, .home_lines = 1};
    REQUIRE(stillmine_create_table(&table, &layout, 0));
    for (uint32_t i = 0; i < 200; i++) {
        slots[i] = (uint32_t)draw(random) % most_slots;
        REQUIRE(stillmine_insert_entry(&table, 5, (uint16_t)draw(random), slots[i]));
    }
    const union stillmine_line *line = stillmine_get_bucket(&table, 5);
    for (uint32_t i = 0; i < stillmine_line_room(form); i++) {
        REQUIRE(stillmine_get_slot(line, i, form) == slots[i]);
    }
    for (uint32_t i = 0; i < 200; i++) {
        stillmine_erase_entry(&table, 5, slots[i]);
    }
    for (uint64_t i = 0; i < table.home_count; i++) {
        REQUIRE(is_zero(table.home[i].bytes, 60));
    }
    stillmine_discard_table(&table);
    free(random);
}

static void flip_in_band(struct model *random, const struct stillmine_band *band, uint32_t count, uint64_t value[4]) {
    uint64_t flipped = 0;
    while ((uint32_t)__builtin_popcountll(flipped) < count) {
        flipped |= UINT64_C(1) << draw(random) % band->width;
    }
    for (uint32_t i = 0; i < band->width; i++) {
        const uint32_t bit = band->offset + i;
        value[bit / 64] ^= (flipped >> i & 1) << bit % 64;
    }
}

/* Of two values of an id, each at distance 31 of a query, so that all bands but one differ in more bits than they are
 * searched for: every band has to find what is its own. */
static void check_bands(uint32_t ids) {
    struct model *random = calloc(1, sizeof *random);
    stillmine_index *index;
    uint8_t *values = malloc((size_t)ids * 2 * STILLMINE_FINGERPRINT_BYTES);
    uint8_t *names = malloc((size_t)ids * STILLMINE_ID_BYTES);
    uint8_t *counts = malloc(ids);
    for (uint32_t i = 0; i < ids; i++) {
        make_id(i, names + (size_t)i * STILLMINE_ID_BYTES);
        counts[i] = 2;
        make_value(random, 0, values + (size_t)i * 2 * STILLMINE_FINGERPRINT_BYTES);
        make_value(random, 0, values + ((size_t)i * 2 + 1) * STILLMINE_FINGERPRINT_BYTES);
    }
    const struct stillmine_groups groups = {names, names, counts, values, names, ids};
    REQUIRE(stillmine_create_groups(&index, (struct stillmine_shape){2, 0, 0}) == STILLMINE_INDEX_OK);
    REQUIRE(stillmine_add_groups(index, &groups, 2) == STILLMINE_INDEX_OK);
    const struct stillmine_bands *bands = index->bands;
    REQUIRE(bands != NULL && bands->usual.is_cheaper);
    for (uint32_t round = 0; round < 40 * bands->layout.band_count; round++) {
        const uint32_t key = (uint32_t)draw(random) % ids;
        uint8_t queries[2 * STILLMINE_FINGERPRINT_BYTES];
        struct stillmine_shared_list list;
        for (uint32_t i = 0; i < 2; i++) {
            uint64_t query[4];
            memcpy(query, stillmine_get_value(&index->store, 2 * key + i), sizeof query);
            for (uint32_t band = 0; band < bands->layout.band_count; band++) {
                const uint32_t beyond = band == round % bands->layout.band_count ? 0 : 1;
                flip_in_band(random, &bands->layout.bands[band], (uint32_t)bands->usual.radii[band] + beyond, query);
            }
            stillmine_restore_value(index, query, queries + i * STILLMINE_FINGERPRINT_BYTES);
        }
        REQUIRE(stillmine_search_groups(index, queries, 2, 31, 4, 0, 1, &list) == STILLMINE_INDEX_OK);
        REQUIRE(list.count == 1 && list.pair_count == 2 && read_id(list.items[0].id) == key);
        REQUIRE(list.pairs[0].distance_bits == 31 && list.pairs[1].distance_bits == 31);
        stillmine_free_shared(&list);
    }
    stillmine_destroy_index(index);
    free(values);
    free(names);
    free(counts);
    free(random);
}

struct shared_state {
    stillmine_index *index;
    atomic_bool is_over;
    atomic_uint newest_removed; /* keys up to here were removed before the search began */
    uint8_t steady[MOST * STILLMINE_FINGERPRINT_BYTES];
};

static void add_near(struct shared_state *shared, struct model *random, uint32_t key, uint32_t count) {
    uint8_t id[STILLMINE_ID_BYTES];
    uint8_t values[MOST * STILLMINE_FINGERPRINT_BYTES];
    const uint8_t notes[MOST * NOTE] = {0};
    const uint8_t counts[1] = {(uint8_t)count};
    const struct stillmine_groups groups = {id, notes, counts, values, notes, 1};
    memcpy(values, shared->steady, sizeof values);
    for (uint32_t i = 0; i < count; i++) {
        flip_bits(random, values + i * STILLMINE_FINGERPRINT_BYTES, 3);
    }
    make_id(key, id);
    REQUIRE(stillmine_add_groups(shared->index, &groups, 1) == STILLMINE_INDEX_OK);
}

static void *change_ids(void *argument) {
    struct shared_state *shared = argument;
    struct model *random = calloc(1, sizeof *random);
    for (uint32_t key = 1; !atomic_load(&shared->is_over); key++) {
        uint8_t id[STILLMINE_ID_BYTES];
        bool was_there;
        add_near(shared, random, key, 2 + key % (MOST - 1));
        if (key > 300) {
            make_id(key - 300, id);
            REQUIRE(stillmine_remove_value(shared->index, id, &was_there) == STILLMINE_INDEX_OK && was_there);
            atomic_store(&shared->newest_removed, key - 300);
        }
    }
    free(random);
    return NULL;
}

static void *search_ids(void *argument) {
    struct shared_state *shared = argument;
    while (!atomic_load(&shared->is_over)) {
        struct stillmine_shared_list list;
        bool has_steady = false;
        const uint32_t removed = atomic_load(&shared->newest_removed);
        REQUIRE(stillmine_search_groups(shared->index, shared->steady, MOST, 31, 4096, 16, 2, &list) ==
                STILLMINE_INDEX_OK);
        for (size_t i = 0; i < list.count; i++) {
            const uint32_t key = read_id(list.items[i].id);
            has_steady = has_steady || (key == UINT32_MAX && list.items[i].pair_count >= MOST);
            REQUIRE(key > removed);
        }
        REQUIRE(has_steady);
        stillmine_free_shared(&list);
    }
    return NULL;
}

static void check_threads(uint32_t seconds) {
    static struct shared_state shared;
    struct model *random = calloc(1, sizeof *random);
    pthread_t threads[3];
    const struct timespec pause = {.tv_sec = seconds};
    const struct stillmine_shape shape = {MOST, NOTE, ID_NOTE};
    REQUIRE(stillmine_create_groups(&shared.index, shape) == STILLMINE_INDEX_OK);
    for (uint32_t i = 0; i < sizeof shared.steady; i++) {
        shared.steady[i] = (uint8_t)draw(random);
    }
    add_near(&shared, random, UINT32_MAX, MOST);
    REQUIRE(pthread_create(&threads[0], NULL, change_ids, &shared) == 0);
    REQUIRE(pthread_create(&threads[1], NULL, search_ids, &shared) == 0);
    REQUIRE(pthread_create(&threads[2], NULL, search_ids, &shared) == 0);
    nanosleep(&pause, NULL);
    atomic_store(&shared.is_over, true);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    stillmine_destroy_index(shared.index);
    free(random);
}

int main(int count, char **arguments) {
    if (count == 4 && strcmp(arguments[1], "operations") == 0) {
        check_operations(strtoull(arguments[2], NULL, 10), (uint32_t)atoi(arguments[3]));
    } else if (count == 3 && strcmp(arguments[1], "threads") == 0) {
        check_threads((uint32_t)atoi(arguments[2]));
    } else if (count == 3 && strcmp(arguments[1], "bands") == 0) {
        check_bands((uint32_t)atoi(arguments[2]));
    } else if (count == 2 && strcmp(arguments[1], "lines") == 0) {
        check_lines(STILLMINE_NARROW, UINT32_C(1) << 24);
        check_lines(STILLMINE_PACKED, UINT32_C(1) << 26);
        check_lines(STILLMINE_WIDE, STILLMINE_MAX_VALUES);
    } else {
        return 2;
    }
    puts("ok");
    return 0;
}
