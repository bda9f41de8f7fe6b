/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of a search for ids with several values near it: ids of which two values were found are looked at
 * again, in one state of the index, and written out. */
#include <stdlib.h>
#include <string.h>

#include "index_finder.h"

/* Beside those asked for, in case some are not what they were. */
#define SPARE_CANDIDATES 16u

/* A number with at least two bits; those with most bits are looked at first, of equals those with the least number. */
struct candidate {
    uint32_t number;
    uint32_t bits;
    size_t first_pair;
    size_t pair_count;
};

struct answer {
    const struct stillmine_group_search *search;
    const struct stillmine_store *store;
    struct candidate *candidates;
    uint32_t candidate_count;
    uint32_t most_candidates;
    struct stillmine_group_hit *hits; /* of candidates, in order of slot */
    size_t hit_count;
    size_t hit_capacity;
    uint32_t *many; /* queries of which hits were not kept */
    uint32_t many_count;
    struct stillmine_pair *pairs;
    size_t pair_count;
    size_t pair_capacity;
    bool is_cut;
};

static uint32_t count_bits(const struct answer *answer, uint32_t number) {
    return (uint32_t)__builtin_popcountll(atomic_load_explicit(&answer->search->bits[number], memory_order_relaxed));
}

static bool comes_before(const struct candidate *left, const struct candidate *right) {
    return left->bits != right->bits ? left->bits > right->bits : left->number < right->number;
}

static void take_candidate(struct answer *answer, struct candidate candidate) {
    uint32_t place = answer->candidate_count;
    if (place == answer->most_candidates) {
        answer->is_cut = true;
        place--;
        if (!comes_before(&candidate, &answer->candidates[place])) {
            return;
        }
    } else {
        answer->candidate_count++;
    }
    for (; place > 0 && comes_before(&candidate, &answer->candidates[place - 1]); place--) {
        answer->candidates[place] = answer->candidates[place - 1];
    }
    answer->candidates[place] = candidate;
}

static void choose_candidates(struct answer *answer, const struct stillmine_finder *finders, uint32_t threads) {
    for (uint32_t i = 0; i < threads; i++) {
        for (size_t j = 0; j < finders[i].number_count; j++) {
            const uint32_t number = finders[i].numbers[j];
            const uint32_t bits = count_bits(answer, number);
            if (bits > 1) {
                take_candidate(answer, (struct candidate){.number = number, .bits = bits});
            }
        }
    }
}

static int compare_numbers(const void *left, const void *right) {
    const uint32_t a = *(const uint32_t *)left;
    const uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static int compare_hits(const void *left, const void *right) {
    const struct stillmine_group_hit *a = left;
    const struct stillmine_group_hit *b = right;
    if (a->slot != b->slot) {
        return a->slot < b->slot ? -1 : 1;
    }
    return (a->query > b->query) - (a->query < b->query);
}

static int compare_pairs(const void *left, const void *right) {
    const struct stillmine_pair *a = left;
    const struct stillmine_pair *b = right;
    if (a->query != b->query) {
        return a->query < b->query ? -1 : 1;
    }
    return (a->value > b->value) - (a->value < b->value);
}

/* Hits of the candidates from `first` on, in place of those before. */
static bool gather_hits(struct answer *answer, uint32_t first, const struct stillmine_finder *finders,
                        uint32_t threads) {
    const struct stillmine_group_search *search = answer->search;
    const uint32_t count = answer->candidate_count - first;
    uint32_t *numbers = malloc(count * sizeof *numbers + 1);
    bool is_ok = numbers != NULL;
    answer->hit_count = 0;
    for (uint32_t i = 0; is_ok && i < count; i++) {
        numbers[i] = answer->candidates[first + i].number;
    }
    if (is_ok) {
        qsort(numbers, count, sizeof *numbers, compare_numbers);
    }
    for (uint32_t i = 0; i < threads; i++) {
        for (size_t j = 0; is_ok && j < finders[i].hit_count; j++) {
            const struct stillmine_group_hit *hit = &finders[i].hits[j];
            const uint32_t number = hit->slot / search->most_values;
            if (search->is_many[hit->query] == 0 &&
                bsearch(&number, numbers, count, sizeof *numbers, compare_numbers) != NULL) {
                is_ok = stillmine_grow_items((void **)&answer->hits, &answer->hit_capacity, answer->hit_count,
                                             sizeof *answer->hits);
                if (is_ok) {
                    answer->hits[answer->hit_count++] = *hit;
                }
            }
        }
    }
    free(numbers);
    if (answer->hit_count > 1) {
        qsort(answer->hits, answer->hit_count, sizeof *answer->hits, compare_hits);
    }
    return is_ok;
}

static bool gather_many(struct answer *answer) {
    const struct stillmine_group_search *search = answer->search;
    answer->many = malloc((search->count + 1) * sizeof *answer->many);
    for (uint32_t i = 0; answer->many != NULL && i < search->count; i++) {
        if (search->is_many[i] != 0) {
            answer->many[answer->many_count++] = i;
        }
    }
    return answer->many != NULL;
}

/* Adds the pair if it is one now. */
static bool add_pair(struct answer *answer, uint32_t slot, uint32_t number) {
    const struct stillmine_group_search *search = answer->search;
    uint64_t query[STILLMINE_VALUE_WORDS];
    if (!stillmine_is_live(answer->store, slot)) {
        return true;
    }
    stillmine_permute_value(search->index, search->queries + (size_t)number * STILLMINE_FINGERPRINT_BYTES, query);
    const uint32_t bits = stillmine_count_difference(stillmine_get_value(answer->store, slot), query);
    if (bits > search->max_distance_bits) {
        return true;
    }
    if (!stillmine_grow_items((void **)&answer->pairs, &answer->pair_capacity, answer->pair_count,
                              sizeof *answer->pairs)) {
        return false;
    }
    answer->pairs[answer->pair_count++] =
        (struct stillmine_pair){number, (uint16_t)(slot % search->most_values), (uint16_t)bits};
    return true;
}

static size_t find_first_hit(const struct answer *answer, uint32_t slot) {
    size_t low = 0;
    size_t high = answer->hit_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (answer->hits[middle].slot < slot) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool pair_candidate(struct answer *answer, struct candidate *candidate) {
    const uint32_t most_values = answer->search->most_values;
    const uint32_t first = candidate->number * most_values;
    bool is_ok = true;
    candidate->first_pair = answer->pair_count;
    for (size_t i = find_first_hit(answer, first); is_ok && i < answer->hit_count; i++) {
        if (answer->hits[i].slot - first >= most_values) {
            break;
        }
        is_ok = add_pair(answer, answer->hits[i].slot, answer->hits[i].query);
    }
    for (uint32_t i = 0; is_ok && i < answer->many_count; i++) {
        for (uint32_t value = 0; is_ok && value < most_values; value++) {
            is_ok = add_pair(answer, first + value, answer->many[i]);
        }
    }
    candidate->pair_count = answer->pair_count - candidate->first_pair;
    if (candidate->pair_count > 1) {
        qsort(answer->pairs + candidate->first_pair, candidate->pair_count, sizeof *answer->pairs, compare_pairs);
    }
    return is_ok;
}

static bool is_shared(const struct answer *answer, const struct candidate *candidate) {
    const struct stillmine_pair *pairs = answer->pairs + candidate->first_pair;
    bool has_queries = false;
    bool has_values = false;
    for (size_t i = 1; i < candidate->pair_count; i++) {
        has_queries = has_queries || pairs[i].query != pairs[0].query;
        has_values = has_values || pairs[i].value != pairs[0].value;
    }
    return has_queries && has_values;
}

/* Pairs of all candidates; those that are shared come to the front, at most so many. */
static bool pair_candidates(struct answer *answer, uint32_t most) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < answer->candidate_count; i++) {
        struct candidate *candidate = &answer->candidates[i];
        if (!pair_candidate(answer, candidate)) {
            return false;
        }
        if (!is_shared(answer, candidate) || kept == most) {
            answer->is_cut = answer->is_cut || kept == most;
            answer->pair_count = candidate->first_pair;
            continue;
        }
        answer->candidates[kept++] = *candidate;
    }
    answer->candidate_count = kept;
    return true;
}

/* One id that shares a value, by its nearest pair; those near a common query come last. */
struct single {
    uint32_t number;
    uint32_t bits; /* with COMMON above any distance where the query is common */
};

#define COMMON 1024u

static bool is_single_before(const struct single *left, const struct single *right) {
    return left->bits != right->bits ? left->bits < right->bits : left->number < right->number;
}

static void take_single(struct single *singles, uint32_t *count, uint32_t most, struct single single) {
    uint32_t place = 0;
    while (place < *count && singles[place].number != single.number) {
        place++;
    }
    if (place == *count && *count < most) {
        (*count)++;
    } else if (place == *count) {
        place--; /* the last is the farthest */
        if (!is_single_before(&single, &singles[place])) {
            return;
        }
    } else if (!is_single_before(&single, &singles[place])) {
        return;
    }
    for (; place > 0 && is_single_before(&single, &singles[place - 1]); place--) {
        singles[place] = singles[place - 1];
    }
    singles[place] = single;
}

static bool is_answered(const struct answer *answer, uint32_t number) {
    for (uint32_t i = 0; i < answer->candidate_count; i++) {
        if (answer->candidates[i].number == number) {
            return true;
        }
    }
    return false;
}

/* Under the lock for reading, after those with two: the others that share a value are added to the candidates. */
static bool pair_singles(struct answer *answer, const struct stillmine_finder *finders, uint32_t threads, uint32_t most,
                         const uint32_t *alone) {
    const struct stillmine_group_search *search = answer->search;
    const uint32_t shared = answer->candidate_count;
    struct single *singles = malloc(most * sizeof *singles + 1);
    struct candidate *grown = realloc(answer->candidates, (shared + most) * sizeof *grown + 1);
    uint32_t count = 0;
    answer->candidates = grown != NULL ? grown : answer->candidates;
    bool is_ok = singles != NULL && grown != NULL;
    for (uint32_t i = 0; is_ok && most > 0 && i < threads; i++) {
        for (size_t j = 0; j < finders[i].hit_count; j++) {
            const struct stillmine_group_hit *hit = &finders[i].hits[j];
            const uint32_t common = alone[hit->query] >= STILLMINE_COMMON_ALONE ? COMMON : 0;
            const struct single least = {.number = hit->slot / search->most_values, .bits = common};
            if (search->is_many[hit->query] != 0 || (count == most && !is_single_before(&least, &singles[most - 1])) ||
                !stillmine_is_live(answer->store, hit->slot) || is_answered(answer, least.number)) {
                continue;
            }
            uint64_t query[STILLMINE_VALUE_WORDS];
            stillmine_permute_value(search->index, search->queries + (size_t)hit->query * STILLMINE_FINGERPRINT_BYTES,
                                    query);
            const uint32_t bits = stillmine_count_difference(stillmine_get_value(answer->store, hit->slot), query);
            if (bits <= search->max_distance_bits) {
                take_single(singles, &count, most, (struct single){least.number, common + bits});
            }
        }
    }
    for (uint32_t i = 0; is_ok && i < count; i++) {
        answer->candidates[answer->candidate_count++] = (struct candidate){.number = singles[i].number};
    }
    free(singles);
    is_ok = is_ok && gather_hits(answer, shared, finders, threads);
    for (uint32_t i = shared; is_ok && i < answer->candidate_count; i++) {
        is_ok = pair_candidate(answer, &answer->candidates[i]);
    }
    return is_ok;
}

static bool make_room(const struct answer *answer, struct stillmine_shared_list *list) {
    const struct stillmine_shape *shape = &answer->store->shape;
    size_t values = 0;
    for (uint32_t i = 0; i < answer->candidate_count; i++) {
        values += *stillmine_get_count(answer->store, answer->candidates[i].number);
    }
    list->items = malloc(answer->candidate_count * sizeof *list->items + 1);
    list->values = malloc(values * STILLMINE_FINGERPRINT_BYTES + 1);
    list->value_notes = malloc(values * shape->value_note_bytes + 1);
    list->id_notes = malloc(answer->candidate_count * shape->id_note_bytes + 1);
    return list->items != NULL && list->values != NULL && list->value_notes != NULL && list->id_notes != NULL;
}

static void write_item(const struct answer *answer, const struct candidate *candidate,
                       struct stillmine_shared_list *list) {
    const struct stillmine_store *store = answer->store;
    const struct stillmine_shape *shape = &store->shape;
    struct stillmine_shared *item = &list->items[list->count];
    *item = (struct stillmine_shared){.pair_count = (uint32_t)candidate->pair_count};
    memcpy(item->id, stillmine_get_id(store, candidate->number), STILLMINE_ID_BYTES);
    memcpy(list->id_notes + list->count * shape->id_note_bytes, stillmine_get_id_note(store, candidate->number),
           shape->id_note_bytes);
    item->value_count = stillmine_copy_values(answer->search->index, candidate->number,
                                              list->values + list->value_count * STILLMINE_FINGERPRINT_BYTES,
                                              list->value_notes + list->value_count * shape->value_note_bytes);
    list->value_count += item->value_count;
    list->count++;
}

/* Values near each query that belong to ids with no other value near any query. */
static bool count_alone(const struct answer *answer, const struct stillmine_finder *finders, uint32_t threads,
                        struct stillmine_shared_list *list) {
    const struct stillmine_group_search *search = answer->search;
    list->alone = calloc((size_t)search->count + 1, sizeof *list->alone);
    for (uint32_t i = 0; list->alone != NULL && i < threads; i++) {
        for (size_t j = 0; j < finders[i].hit_count; j++) {
            const struct stillmine_group_hit *hit = &finders[i].hits[j];
            list->alone[hit->query] += count_bits(answer, hit->slot / search->most_values) < 2;
        }
    }
    for (uint32_t i = 0; list->alone != NULL && i < answer->many_count; i++) {
        list->alone[answer->many[i]] = STILLMINE_MANY_NEAR;
    }
    return list->alone != NULL;
}

bool stillmine_answer_groups(const struct stillmine_group_search *search, struct stillmine_finder *finders,
                             uint32_t threads, uint32_t most, uint32_t most_single,
                             struct stillmine_shared_list *list) {
    struct answer answer = {.search = search, .store = &search->index->store};
    answer.most_candidates = 2 * most + SPARE_CANDIDATES;
    answer.candidates = malloc(answer.most_candidates * sizeof *answer.candidates);
    bool is_ok = answer.candidates != NULL && gather_many(&answer);
    if (is_ok) {
        choose_candidates(&answer, finders, threads);
        is_ok = count_alone(&answer, finders, threads, list) &&
                (answer.candidate_count == 0 || gather_hits(&answer, 0, finders, threads));
    }
    stillmine_begin_read(&search->index->searches);
    is_ok = is_ok && pair_candidates(&answer, most);
    list->shared_count = is_ok ? answer.candidate_count : 0;
    is_ok = is_ok && pair_singles(&answer, finders, threads, most_single, list->alone) && make_room(&answer, list);
    for (uint32_t i = 0; is_ok && i < answer.candidate_count; i++) {
        write_item(&answer, &answer.candidates[i], list);
    }
    stillmine_end_read(&search->index->searches);
    list->pairs = answer.pairs;
    list->pair_count = answer.pair_count;
    list->is_cut = answer.is_cut;
    free(answer.candidates);
    free(answer.hits);
    free(answer.many);
    return is_ok;
}
