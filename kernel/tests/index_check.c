/* SPDX-License-Identifier: Apache-2.0 */
/* index_check operations SEED STEPS FILE | threads SECONDS | levels: the index against its model, and under threads.
 * Built with sanitizers by tests/kernel/test_index_c.py. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "index_model.h"

static void take_operation(struct model *model, stillmine_index **index, const char *file) {
    const uint32_t key = (uint32_t)draw(model) % MODEL_KEYS;
    const uint32_t kind = (uint32_t)draw(model) % 5;
    uint8_t query[STILLMINE_FINGERPRINT_BYTES];
    switch (draw(model) % 16) {
    case 0:
        model_add_many(model, *index, key, (uint32_t)draw(model) % 6000, kind, 1 + (uint32_t)draw(model) % 3);
        break;
    case 1:
        for (uint32_t i = 0; i < 1500; i++) {
            model_remove(model, *index, (key + i) % MODEL_KEYS);
        }
        break;
    case 2:
        REQUIRE(stillmine_write_snapshot(*index, file) == STILLMINE_INDEX_OK);
        stillmine_destroy_index(*index);
        REQUIRE(stillmine_open_snapshot(file, index) == STILLMINE_INDEX_OK);
        break;
    case 3:
        stillmine_settle_index(*index);
        break;
    case 4:
        (void)stillmine_choose_level(*index, (int)(draw(model) % 3));
        break;
    case 5:
    case 6:
    case 7:
        model_add(model, *index, key, kind);
        break;
    case 8:
        model_remove(model, *index, key);
        break;
    default:
        make_value(model, kind, query);
        model_search(model, *index, query,
                     draw(model) % 4 == 0 ? (uint32_t)draw(model) % 257 : (uint32_t)draw(model) % 65);
    }
}

static void check_operations(uint64_t seed, uint32_t steps, const char *file) {
    struct model *model = calloc(1, sizeof *model);
    stillmine_index *index;
    model->state = seed;
    REQUIRE(stillmine_create_index(&index) == STILLMINE_INDEX_OK);
    for (uint32_t i = 0; i < steps; i++) {
        take_operation(model, &index, file);
    }
    stillmine_destroy_index(index);
    free(model);
}

struct shared {
    stillmine_index *index;
    atomic_bool is_over;
    atomic_uint newest_removed; /* keys up to here were removed before the search began */
    uint8_t steady[STILLMINE_FINGERPRINT_BYTES];
    char file[256];
};

static void *change_values(void *argument) {
    struct shared *shared = argument;
    struct model *model = calloc(1, sizeof *model);
    model->state = 99;
    for (uint32_t key = 1; !atomic_load(&shared->is_over); key++) {
        uint8_t id[STILLMINE_ID_BYTES];
        uint8_t value[STILLMINE_FINGERPRINT_BYTES];
        bool was_there;
        memcpy(value, shared->steady, sizeof value);
        flip_bits(model, value, 3);
        make_id(key, id);
        REQUIRE(stillmine_add_value(shared->index, id, value) == STILLMINE_INDEX_OK);
        if (key > 3000) {
            make_id(key - 3000, id);
            REQUIRE(stillmine_remove_value(shared->index, id, &was_there) == STILLMINE_INDEX_OK && was_there);
            atomic_store(&shared->newest_removed, key - 3000);
        }
    }
    free(model);
    return NULL;
}

static void *search_values(void *argument) {
    struct shared *shared = argument;
    while (!atomic_load(&shared->is_over)) {
        struct stillmine_hits hits;
        bool has_steady = false;
        const uint32_t removed = atomic_load(&shared->newest_removed);
        REQUIRE(stillmine_search_index(shared->index, shared->steady, 1, 31, 1, &hits) == STILLMINE_INDEX_OK);
        for (size_t i = 0; i < hits.count; i++) {
            const uint32_t key = read_id(hits.items[i].id);
            has_steady = has_steady || key == UINT32_MAX;
            REQUIRE(key > removed);
        }
        REQUIRE(has_steady);
        stillmine_free_hits(&hits);
    }
    return NULL;
}

static void *add_blocks(void *argument) {
    struct shared *shared = argument;
    struct model *model = calloc(1, sizeof *model);
    uint8_t *ids = malloc(5000 * STILLMINE_ID_BYTES);
    uint8_t *values = malloc(5000 * STILLMINE_FINGERPRINT_BYTES);
    model->state = 5;
    for (uint32_t round = 0; !atomic_load(&shared->is_over) && round < 20; round++) {
        for (uint32_t i = 0; i < 5000; i++) {
            make_id(UINT32_C(0x40000000) + round * 2500 + i, ids + i * STILLMINE_ID_BYTES);
            make_value(model, 0, values + i * STILLMINE_FINGERPRINT_BYTES);
        }
        REQUIRE(stillmine_add_values(shared->index, ids, values, 5000, 2) == STILLMINE_INDEX_OK);
        REQUIRE(stillmine_write_snapshot(shared->index, shared->file) == STILLMINE_INDEX_OK);
        REQUIRE(stillmine_measure_memory(shared->index) > 0);
    }
    free(values);
    free(ids);
    free(model);
    return NULL;
}

static void check_threads(uint32_t seconds, const char *file) {
    static struct shared shared;
    pthread_t threads[4];
    uint8_t id[STILLMINE_ID_BYTES];
    const struct timespec pause = {.tv_sec = seconds};
    make_id(UINT32_MAX, id);
    snprintf(shared.file, sizeof shared.file, "%s", file);
    REQUIRE(stillmine_create_index(&shared.index) == STILLMINE_INDEX_OK);
    for (uint32_t i = 0; i < sizeof shared.steady; i++) {
        shared.steady[i] = (uint8_t)(37 * i);
    }
    REQUIRE(stillmine_add_value(shared.index, id, shared.steady) == STILLMINE_INDEX_OK);
    REQUIRE(pthread_create(&threads[0], NULL, change_values, &shared) == 0);
    REQUIRE(pthread_create(&threads[1], NULL, search_values, &shared) == 0);
    REQUIRE(pthread_create(&threads[2], NULL, search_values, &shared) == 0);
    REQUIRE(pthread_create(&threads[3], NULL, add_blocks, &shared) == 0);
    nanosleep(&pause, NULL);
    atomic_store(&shared.is_over, true);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    stillmine_destroy_index(shared.index);
}

int main(int count, char **arguments) {
    if (count == 5 && strcmp(arguments[1], "operations") == 0) {
        check_operations(strtoull(arguments[2], NULL, 10), (uint32_t)atoi(arguments[3]), arguments[4]);
    } else if (count == 4 && strcmp(arguments[1], "threads") == 0) {
        check_threads((uint32_t)atoi(arguments[2]), arguments[3]);
    } else {
        return 2;
    }
    puts("ok");
    return 0;
}
