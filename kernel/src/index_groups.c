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
#include "index_visits.h"

#define SCANNED_AT_ONCE 4096
#define MOST_HITS ((size_t)1 << 22) /* kept by all threads */
#define MOST_ASKED 4096u

static int compare_hits(const void *left, const void *right) {
    const struct stillmine_group_hit *a = left;
    const struct stillmine_group_hit *b = right;
    if (a->slot != b->slot) {
        return a->slot < b->slot ? -1 : 1;
    }
    return (a->query > b->query) - (a->query < b->query);
}

/* Several bands find the same value. */
static void keep_each_once(struct stillmine_finder *finder, size_t first) {
    size_t kept = first;
    if (finder->hit_count - first > 1) {
        qsort(finder->hits + first, finder->hit_count - first, sizeof *finder->hits, compare_hits);
    }
    for (size_t i = first; i < finder->hit_count; i++) {
        if (kept == first || compare_hits(&finder->hits[kept - 1], &finder->hits[i]) != 0) {
            finder->hits[kept++] = finder->hits[i];
        }
    }
    finder->hit_count = kept;
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
        finder->is_ok = finder->is_ok && stillmine_grow_items((void **)&finder->numbers, &finder->number_capacity,
                                                              finder->number_count, sizeof *finder->numbers);
        if (finder->is_ok) {
            finder->numbers[finder->number_count++] = number;
        }
    }
    return true;
}

static void keep_hit(struct stillmine_finder *finder, uint32_t slot, uint32_t query) {
    struct stillmine_group_search *search = finder->search;
    if (!set_bit(finder, slot) || search->is_many[query] != 0) {
        return;
    }
    if (++search->near[query] > STILLMINE_MANY_NEAR || finder->hit_count >= search->most_hits) {
        search->is_many[query] = 1;
        return;
    }
    finder->is_ok = finder->is_ok && stillmine_grow_items((void **)&finder->hits, &finder->hit_capacity,
                                                          finder->hit_count, sizeof *finder->hits);
    if (finder->is_ok) {
        finder->hits[finder->hit_count++] = (struct stillmine_group_hit){slot, query};
    }
}

/* What the receiver of a batch or of a list is: of a batch queries are numbered from `first`. */
struct receiver {
    struct stillmine_finder *finder;
    uint32_t first;
};

static void take_hit(void *receiver, uint32_t slot, uint32_t query) {
    const struct receiver *to = receiver;
    keep_hit(to->finder, slot, to->first + query);
}

static void take_list(struct stillmine_found_list *found, void *receiver) {
    for (size_t i = 0; i < found->count; i++) {
        take_hit(receiver, found->items[i].slot, 0);
    }
}

/* One query by itself, by comparing with everything. */
static void scan_query(struct stillmine_finder *finder, uint32_t number, const uint64_t query[STILLMINE_VALUE_WORDS]) {
    stillmine_index *index = finder->search->index;
    struct receiver receiver = {finder, number};
    struct stillmine_found_list found = {.most = SCANNED_AT_ONCE, .hand_over = take_list, .receiver = &receiver};
    stillmine_begin_read(&index->searches);
    finder->is_ok = finder->is_ok && stillmine_scan_store(index, query, finder->search->max_distance_bits, &found);
    stillmine_end_read(&index->searches);
    take_list(&found, &receiver);
    free(found.items);
}

static void find_queries(struct stillmine_finder *finder, struct stillmine_batch *batch, uint32_t first,
                         uint32_t count) {
    struct stillmine_group_search *search = finder->search;
    uint64_t (*queries)[STILLMINE_VALUE_WORDS] = malloc(count * sizeof *queries);
    struct receiver receiver = {finder, first};
    const size_t before = finder->hit_count;
    bool is_done = false;
    finder->is_ok = finder->is_ok && queries != NULL;
    for (uint32_t i = 0; finder->is_ok && i < count; i++) {
        stillmine_permute_value(search->index, search->queries + (size_t)(first + i) * STILLMINE_FINGERPRINT_BYTES,
                                queries[i]);
    }
    batch->queries = (const uint64_t (*)[STILLMINE_VALUE_WORDS])queries;
    batch->receiver = &receiver;
    while (finder->is_ok && !is_done) {
        struct stillmine_plan plan;
        stillmine_make_plan(search->index, search->max_distance_bits, &plan);
        finder->hit_count = before;
        memset(search->near + first, 0, count * sizeof *search->near);
        memset(search->is_many + first, 0, count);
        memset(batch->must_scan, !plan.has_bands, count);
        is_done = !plan.has_bands;
        finder->is_ok = is_done || stillmine_look_up_batch(search->index, batch, count, &plan, &is_done);
    }
    for (uint32_t i = 0; finder->is_ok && i < count; i++) {
        if (batch->must_scan[i] != 0) {
            scan_query(finder, first + i, queries[i]);
        }
    }
    free(queries);
    keep_each_once(finder, before);
}

static void *run_finder(void *argument) {
    struct stillmine_finder *finder = argument;
    struct stillmine_group_search *search = finder->search;
    struct stillmine_batch batch = {.index = search->index, .max_distance_bits = search->max_distance_bits};
    batch.take = take_hit;
    finder->is_ok = stillmine_begin_batch(&batch, search->queries_each);
    uint32_t first = atomic_fetch_add(&search->next_query, search->queries_each);
    while (first < search->count && finder->is_ok) {
        const uint32_t left = search->count - first;
        find_queries(finder, &batch, first, left < search->queries_each ? left : search->queries_each);
        first = atomic_fetch_add(&search->next_query, search->queries_each);
    }
    stillmine_end_batch(&batch);
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
                            uint32_t most, uint32_t most_single, uint32_t threads, struct stillmine_shared_list *list) {
    struct stillmine_finder finders[STILLMINE_MAX_THREADS];
    *list = (struct stillmine_shared_list){0};
    if (!stillmine_has_groups(&index->store) || max_distance_bits > STILLMINE_MAX_DISTANCE_BITS || count > INT32_MAX ||
        most < 1 || most > MOST_ASKED || most_single > MOST_ASKED || threads < 1 || threads > STILLMINE_MAX_THREADS) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    struct stillmine_group_search search = {.index = index, .queries = queries, .count = (uint32_t)count};
    search.max_distance_bits = max_distance_bits;
    search.most_values = index->store.shape.most_values;
    search.number_count = count_numbers(index);
    search.most_hits = MOST_HITS / threads;
    search.queries_each =
        (uint32_t)(count / threads + 1 < STILLMINE_MOST_BATCHED ? count / threads + 1 : STILLMINE_MOST_BATCHED);
    search.near = calloc(count + 1, sizeof *search.near);
    search.bits = calloc((size_t)search.number_count + 1, sizeof *search.bits);
    search.is_many = calloc(count + 1, 1);
    bool is_ok = search.bits != NULL && search.is_many != NULL && search.near != NULL;
    if (is_ok) {
        is_ok = find_all(&search, finders, threads) &&
                stillmine_answer_groups(&search, finders, threads, most, most_single, list);
        for (uint32_t i = 0; i < threads; i++) {
            free(finders[i].hits);
            free(finders[i].numbers);
        }
    }
    free(search.bits);
    free(search.is_many);
    free(search.near);
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
