/* SPDX-License-Identifier: Apache-2.0 */
/* What an index of ids with several values should hold and answer, worked out by comparing everything. */
#ifndef STILLMINE_GROUPS_MODEL_H
#define STILLMINE_GROUPS_MODEL_H

#include "index_model.h"
#include "stillmine/index_groups.h"

#define IDS 700
#define MOST 12
#define NOTE 3
#define ID_NOTE 2
#define QUERIES 40

struct groups_model {
    struct model model; /* for its random numbers */
    uint8_t counts[IDS];
    uint8_t values[IDS][MOST][STILLMINE_FINGERPRINT_BYTES];
    uint8_t notes[IDS][MOST][NOTE];
    uint8_t id_notes[IDS][ID_NOTE];
};

static inline void draw_id(struct groups_model *model, uint32_t key) {
    const uint32_t kind = (uint32_t)draw(&model->model) % 6;
    model->counts[key] = (uint8_t)(1 + draw(&model->model) % MOST);
    for (uint32_t i = 0; i < MOST; i++) {
        make_value(&model->model, kind == 5 ? 0 : kind, model->values[key][i]);
        for (uint32_t j = 0; j < NOTE; j++) {
            model->notes[key][i][j] = (uint8_t)draw(&model->model);
        }
    }
    model->id_notes[key][0] = (uint8_t)draw(&model->model);
    model->id_notes[key][1] = (uint8_t)draw(&model->model);
}

static inline void add_some(struct groups_model *model, stillmine_index *index, uint32_t first, uint32_t count) {
    uint8_t *ids = calloc(count, STILLMINE_ID_BYTES);
    uint8_t *id_notes = calloc(count, ID_NOTE);
    uint8_t *counts = calloc(count, 1);
    uint8_t *values = calloc((size_t)count * MOST, STILLMINE_FINGERPRINT_BYTES);
    uint8_t *notes = calloc((size_t)count * MOST, NOTE);
    struct stillmine_groups groups = {ids, id_notes, counts, values, notes, count};
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t key = (first + i) % IDS;
        draw_id(model, key);
        make_id(key, ids + i * STILLMINE_ID_BYTES);
        memcpy(id_notes + i * ID_NOTE, model->id_notes[key], ID_NOTE);
        counts[i] = model->counts[key];
        memcpy(values + total * STILLMINE_FINGERPRINT_BYTES, model->values[key],
               counts[i] * (size_t)STILLMINE_FINGERPRINT_BYTES);
        memcpy(notes + total * NOTE, model->notes[key], counts[i] * (size_t)NOTE);
        total += counts[i];
    }
    REQUIRE(stillmine_add_groups(index, &groups, 1 + count % 3) == STILLMINE_INDEX_OK);
    free(ids);
    free(id_notes);
    free(counts);
    free(values);
    free(notes);
}

static inline void remove_some(struct groups_model *model, stillmine_index *index, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t key = (first + i) % IDS;
        uint8_t id[STILLMINE_ID_BYTES];
        bool was_there;
        make_id(key, id);
        REQUIRE(stillmine_remove_value(index, id, &was_there) == STILLMINE_INDEX_OK);
        REQUIRE(was_there == (model->counts[key] > 0));
        model->counts[key] = 0;
    }
}

/* A pair of the answer is one of the model's, and as many as the model has are there. */
static inline void check_item(const struct groups_model *model, const uint8_t *queries, uint32_t distance,
                              const struct stillmine_shared *item, const struct stillmine_pair *pairs) {
    const uint32_t key = read_id(item->id);
    size_t expected = 0;
    REQUIRE(key < IDS && model->counts[key] == item->value_count);
    for (uint32_t query = 0; query < QUERIES; query++) {
        for (uint32_t value = 0; value < model->counts[key]; value++) {
            const uint32_t bits =
                stillmine_measure_distance(queries + query * STILLMINE_FINGERPRINT_BYTES, model->values[key][value]);
            if (bits <= distance) {
                REQUIRE(expected < item->pair_count && pairs[expected].query == query);
                REQUIRE(pairs[expected].value == value && pairs[expected].distance_bits == bits);
                expected++;
            }
        }
    }
    REQUIRE(expected == item->pair_count);
}

static inline bool model_shares(const struct groups_model *model, const uint8_t *queries, uint32_t distance,
                                uint32_t key) {
    uint64_t queries_found = 0;
    uint64_t values_found = 0;
    for (uint32_t query = 0; query < QUERIES; query++) {
        for (uint32_t value = 0; value < model->counts[key]; value++) {
            if (stillmine_measure_distance(queries + query * STILLMINE_FINGERPRINT_BYTES, model->values[key][value]) <=
                distance) {
                queries_found |= UINT64_C(1) << query;
                values_found |= UINT64_C(1) << value;
            }
        }
    }
    return __builtin_popcountll(queries_found) > 1 && __builtin_popcountll(values_found) > 1;
}

/* How near an id that shares one value is, and 1024 more where only common queries are near it. */
static inline uint32_t rank_single(const uint32_t *alone, const struct stillmine_pair *pairs, size_t count) {
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        const uint32_t common = alone[pairs[i].query] >= STILLMINE_COMMON_ALONE ? 1024 : 0;
        least = common + pairs[i].distance_bits < least ? common + pairs[i].distance_bits : least;
    }
    return least;
}

/* The stop list's counts, and that no id is missing or out of order among those that share one value. Where a query met
 * too many entries (the same one in several bands, and in a line that several buckets lean on), its count says that,
 * and what it alone found is not looked for. */
static inline void check_alone(const struct groups_model *model, const uint8_t *queries, uint32_t distance,
                               uint32_t most_single, const struct stillmine_shared_list *list) {
    uint32_t alone[QUERIES] = {0};
    uint32_t near[QUERIES] = {0};
    bool has_many = false;
    size_t singles = 0;
    size_t pair = 0;
    for (uint32_t key = 0; key < IDS; key++) {
        uint64_t of_query[QUERIES] = {0};
        uint64_t all = 0;
        for (uint32_t query = 0; query < QUERIES; query++) {
            for (uint32_t value = 0; value < model->counts[key]; value++) {
                const bool is_near = stillmine_measure_distance(queries + query * STILLMINE_FINGERPRINT_BYTES,
                                                                model->values[key][value]) <= distance;
                of_query[query] |= (uint64_t)is_near << value;
                near[query] += is_near;
            }
            all |= of_query[query];
        }
        for (uint32_t query = 0; query < QUERIES; query++) {
            alone[query] += __builtin_popcountll(all) == 1 && of_query[query] != 0;
        }
        singles += all != 0 && !model_shares(model, queries, distance, key);
    }
    for (uint32_t query = 0; query < QUERIES; query++) {
        const bool is_many = list->alone[query] == STILLMINE_MANY_NEAR && near[query] > 0;
        REQUIRE(list->alone[query] == alone[query] || is_many);
        has_many = has_many || is_many;
    }
    REQUIRE(has_many || list->is_cut ||
            list->count - list->shared_count == (singles < most_single ? singles : most_single));
    for (size_t i = 0, before = 0; i < list->count; i++) {
        const uint32_t rank = rank_single(list->alone, list->pairs + pair, list->items[i].pair_count);
        REQUIRE(has_many || i <= list->shared_count || before <= rank);
        before = rank;
        pair += list->items[i].pair_count;
    }
}

static inline void search_once(struct groups_model *model, stillmine_index *index) {
    uint8_t queries[QUERIES * STILLMINE_FINGERPRINT_BYTES];
    struct stillmine_shared_list list;
    const uint32_t distance = draw(&model->model) % 4 == 0 ? (uint32_t)draw(&model->model) % 60 : 31;
    const uint32_t most = draw(&model->model) % 3 == 0 ? 1 + (uint32_t)draw(&model->model) % 20 : 4096;
    size_t shared = 0;
    size_t pair = 0;
    size_t value = 0;
    for (uint32_t i = 0; i < QUERIES; i++) {
        const uint32_t key = (uint32_t)draw(&model->model) % IDS;
        uint8_t *query = queries + i * STILLMINE_FINGERPRINT_BYTES;
        memcpy(query, model->values[key][draw(&model->model) % MOST], STILLMINE_FINGERPRINT_BYTES);
        flip_bits(&model->model, query, (uint32_t)draw(&model->model) % 40);
    }
    const uint32_t most_single = draw(&model->model) % 2 == 0 ? 0 : (uint32_t)draw(&model->model) % 600;
    REQUIRE(stillmine_search_groups(index, queries, QUERIES, distance, most, most_single,
                                    1 + (uint32_t)draw(&model->model) % 3, &list) == STILLMINE_INDEX_OK);
    for (uint32_t key = 0; key < IDS; key++) {
        shared += model_shares(model, queries, distance, key);
    }
    REQUIRE(list.shared_count == (shared < most ? shared : most) || (list.is_cut && list.shared_count <= most));
    REQUIRE(list.is_cut || list.shared_count == shared);
    REQUIRE(list.count - list.shared_count <= most_single);
    for (size_t i = 0; i < list.count; i++) {
        const uint32_t key = read_id(list.items[i].id);
        check_item(model, queries, distance, &list.items[i], list.pairs + pair);
        REQUIRE(i >= list.shared_count || model_shares(model, queries, distance, key));
        REQUIRE(list.items[i].pair_count > 0);
        REQUIRE(list.is_cut || i < list.shared_count || !model_shares(model, queries, distance, key));
        REQUIRE(memcmp(list.id_notes + i * ID_NOTE, model->id_notes[key], ID_NOTE) == 0);
        REQUIRE(memcmp(list.values + value * STILLMINE_FINGERPRINT_BYTES, model->values[key],
                       model->counts[key] * (size_t)STILLMINE_FINGERPRINT_BYTES) == 0);
        REQUIRE(memcmp(list.value_notes + value * NOTE, model->notes[key], model->counts[key] * (size_t)NOTE) == 0);
        pair += list.items[i].pair_count;
        value += list.items[i].value_count;
    }
    check_alone(model, queries, distance, most_single, &list);
    stillmine_free_shared(&list);
}

/* One of twelve kinds: of many or of few, and one in three is a search. */
static inline void take_step(struct groups_model *model, stillmine_index *index, uint32_t kind, uint32_t key,
                             uint32_t amount) {
    switch (kind) {
    case 0:
        add_some(model, index, key, amount % (2 * IDS)); /* some twice */
        break;
    case 1:
        remove_some(model, index, key, amount % 300);
        break;
    case 2:
        stillmine_begin_loading(index);
        add_some(model, index, key, 1 + amount % 50);
        search_once(model, index);
        remove_some(model, index, key, 10);
        add_some(model, index, key + 20, 1);
        REQUIRE(stillmine_end_loading(index, 2) == STILLMINE_INDEX_OK);
        break;
    case 3:
        stillmine_settle_index(index);
        break;
    case 4:
        (void)stillmine_choose_level(index, (int)(amount % 3));
        break;
    case 5:
    case 6:
        add_some(model, index, key, 1 + amount % 3);
        break;
    case 7:
        remove_some(model, index, key, 1);
        break;
    default:
        search_once(model, index);
    }
}

#endif
