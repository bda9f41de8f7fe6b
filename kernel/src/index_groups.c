/* SPDX-License-Identifier: Apache-2.0 */
/* Ids that have two different values near two different queries.
 *
 * First each query is looked up by itself, and for each id there is a word with a bit for every one of its values that
 * was found. Then, in one state of the index, ids with two bits and more are looked at again: so what is answered is
 * true at one moment. A query with very many values near it only sets bits: memory and time are bounded, and what it
 * shares with the ids that are answered is found by comparing it with all their values. */
#include "stillmine/index_groups.h"

#include <stdlib.h>
#include <string.h>

#include "index_finder.h"

#define QUERIES_AT_ONCE 8
#define MOST_HITS ((size_t)1 << 22) /* kept by all threads */
#define MOST_ASKED 4096u

bool stillmine_grow_items(void **items, size_t *capacity, size_t count, size_t item_bytes) {
    if (count < *capacity) {
        return true;
    }
    const size_t larger = *capacity == 0 ? 64 : 2 * *capacity;
    void *grown = realloc(*items, larger * item_bytes);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *capacity = larger;
    return true;
}

/* False where the id is newer than the search. */
static bool set_bit(struct stillmine_finder *finder, uint32_t slot) {
    struct stillmine_group_search *search = finder->search;
    const uint32_t number = slot / search->most_values;
    const uint64_t bit = UINT64_C(1) << slot % search->most_values;
    if (number >= search->number_count) {
        return false;
    }
    if (atomic_fetch_or_explicit(&search->bits[number], bit, memory_order_relaxed) == 0) {
        finder->is_ok = finder->is_ok && stillmine_grow_items((void **)&finder->numbers, &finder->number_capacity, finder->number_count,
                                              sizeof *finder->numbers);
        if (finder->is_ok) {
            finder->numbers[finder->number_count++] = number;
        }
    }
    return true;
}

static void take_many(struct stillmine_found_list *found, void *receiver) {
    struct stillmine_finder *finder = receiver;
    finder->search->is_many[finder->query] = 1;
    for (size_t i = 0; i < found->count; i++) {
        (void)set_bit(finder, found->items[i].slot);
    }
}

static void keep_hit(struct stillmine_finder *finder, uint32_t slot) {
    if (finder->hit_count >= finder->search->most_hits) {
        finder->search->is_many[finder->query] = 1;
        return;
    }
    finder->is_ok =
        finder->is_ok && stillmine_grow_items((void **)&finder->hits, &finder->hit_capacity, finder->hit_count, sizeof *finder->hits);
    if (finder->is_ok) {
        finder->hits[finder->hit_count++] = (struct stillmine_group_hit){slot, finder->query};
    }
}

static void find_query(struct stillmine_finder *finder, struct stillmine_found_list *found) {
    struct stillmine_group_search *search = finder->search;
    uint64_t query[STILLMINE_VALUE_WORDS];
    stillmine_permute_value(search->index, search->queries + (size_t)finder->query * STILLMINE_FINGERPRINT_BYTES, query);
    stillmine_begin_read(&search->index->searches);
    finder->is_ok = finder->is_ok && stillmine_find_near(search->index, query, search->max_distance_bits, found);
    stillmine_end_read(&search->index->searches);
    for (size_t i = 0; i < found->count && finder->is_ok; i++) {
        if (set_bit(finder, found->items[i].slot) && search->is_many[finder->query] == 0) {
            keep_hit(finder, found->items[i].slot);
        }
    }
}

static void *run_finder(void *argument) {
    struct stillmine_finder *finder = argument;
    struct stillmine_group_search *search = finder->search;
    struct stillmine_found_list found = {.most = STILLMINE_MANY_NEAR, .hand_over = take_many, .receiver = finder};
    uint32_t first = atomic_fetch_add(&search->next_query, QUERIES_AT_ONCE);
    while (first < search->count && finder->is_ok) {
        const uint32_t left = search->count - first;
        for (uint32_t i = 0; i < (left < QUERIES_AT_ONCE ? left : QUERIES_AT_ONCE); i++) {
            finder->query = first + i;
            find_query(finder, &found);
        }
        first = atomic_fetch_add(&search->next_query, QUERIES_AT_ONCE);
    }
    free(found.items);
    return NULL;
}

static bool find_all(struct stillmine_group_search *search, struct stillmine_finder *finders, uint32_t threads) {
    pthread_t started[STILLMINE_MAX_THREADS];
    bool is_started[STILLMINE_MAX_THREADS] = {false};
    bool is_ok = true;
    for (uint32_t i = 0; i < threads; i++) {
        finders[i] = (struct stillmine_finder){.search = search, .is_ok = true};
        is_started[i] = i > 0 && pthread_create(&started[i], NULL, run_finder, &finders[i]) == 0;
    }
    run_finder(&finders[0]);
    for (uint32_t i = 0; i < threads; i++) {
        if (is_started[i]) {
            pthread_join(started[i], NULL);
        }
        is_ok = is_ok && finders[i].is_ok;
    }
    return is_ok;
}

static uint32_t count_numbers(stillmine_index *index) {
    stillmine_begin_read(&index->searches);
    const uint32_t numbers = index->store.slot_count / index->store.shape.most_values;
    stillmine_end_read(&index->searches);
    return numbers;
}

int stillmine_search_groups(stillmine_index *index, const uint8_t *queries, size_t count, uint32_t max_distance_bits,
                            uint32_t most, uint32_t threads, struct stillmine_shared_list *list) {
    struct stillmine_finder finders[STILLMINE_MAX_THREADS];
    *list = (struct stillmine_shared_list){0};
    if (!stillmine_has_groups(&index->store) || max_distance_bits > STILLMINE_MAX_DISTANCE_BITS || count > INT32_MAX ||
        most < 1 || most > MOST_ASKED || threads < 1 || threads > STILLMINE_MAX_THREADS) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    struct stillmine_group_search search = {.index = index, .queries = queries, .count = (uint32_t)count};
    search.max_distance_bits = max_distance_bits;
    search.most_values = index->store.shape.most_values;
    search.number_count = count_numbers(index);
    search.most_hits = MOST_HITS / threads;
    search.bits = calloc((size_t)search.number_count + 1, sizeof *search.bits);
    search.is_many = calloc(count + 1, 1);
    bool is_ok = search.bits != NULL && search.is_many != NULL;
    if (is_ok) {
        is_ok = find_all(&search, finders, threads) && stillmine_answer_groups(&search, finders, threads, most, list);
        for (uint32_t i = 0; i < threads; i++) {
            free(finders[i].hits);
            free(finders[i].numbers);
        }
    }
    free(search.bits);
    free(search.is_many);
    if (!is_ok) {
        stillmine_free_shared(list);
    }
    return is_ok ? STILLMINE_INDEX_OK : STILLMINE_INDEX_NO_MEMORY;
}

int stillmine_create_groups(stillmine_index **index, struct stillmine_shape shape) {
    *index = NULL;
    if (shape.most_values < 2 || shape.most_values > STILLMINE_MOST_VALUES ||
        shape.value_note_bytes > STILLMINE_MOST_NOTE_BYTES || shape.id_note_bytes > STILLMINE_MOST_NOTE_BYTES) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    return stillmine_create_shaped(index, shape);
}

size_t stillmine_count_ids(stillmine_index *index) {
    size_t count = 0;
    pthread_mutex_lock(&index->updates);
    for (uint32_t i = 0; i < STILLMINE_SEGMENTS; i++) {
        count += index->store.segments[i].count;
    }
    pthread_mutex_unlock(&index->updates);
    return count;
}
