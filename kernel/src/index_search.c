/* SPDX-License-Identifier: Apache-2.0 */
/* Searches: each query reads one state of the index, and its answer is in one order however it was found. */
#include <stdlib.h>
#include <string.h>

#include "index_parts.h"

static int compare_slots(const void *left, const void *right) {
    const struct stillmine_found *a = left;
    const struct stillmine_found *b = right;
    return (a->slot > b->slot) - (a->slot < b->slot);
}

/* Several bands find the same value. */
static void keep_each_once(struct stillmine_found_list *found) {
    size_t kept = 0;
    qsort(found->items, found->count, sizeof *found->items, compare_slots);
    for (size_t i = 0; i < found->count; i++) {
        if (kept == 0 || found->items[kept - 1].slot != found->items[i].slot) {
            found->items[kept++] = found->items[i];
        }
    }
    found->count = kept;
}

/* Under the lock for reading. */
static bool find_near(const struct stillmine_index *index, const uint64_t query[4], uint32_t max_distance_bits,
                      struct stillmine_found_list *found) {
    int status = 0;
    found->count = 0;
    if (index->bands != NULL) {
        status = stillmine_probe_bands(index, query, max_distance_bits, found);
    }
    if (status > 0) {
        if (found->count > 1) {
            keep_each_once(found);
        }
        return true;
    }
    found->count = 0;
    return status == 0 && stillmine_scan_store(index, query, max_distance_bits, found);
}

struct hit_list {
    struct stillmine_hit *items;
    size_t count;
    size_t capacity;
};

static bool append_hits(const struct stillmine_index *index, const struct stillmine_found_list *found, uint32_t query,
                        struct hit_list *hits) {
    if (hits->capacity - hits->count < found->count) {
        const size_t capacity = 2 * (hits->count + found->count);
        struct stillmine_hit *grown = realloc(hits->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        hits->items = grown;
        hits->capacity = capacity;
    }
    for (size_t i = 0; i < found->count; i++) {
        struct stillmine_hit *hit = &hits->items[hits->count++];
        const uint32_t number = stillmine_get_number(&index->store, found->items[i].slot);
        memcpy(hit->id, stillmine_get_id(&index->store, number), STILLMINE_ID_BYTES);
        hit->query = query;
        hit->distance_bits = found->items[i].distance_bits;
    }
    return true;
}

static int compare_hits(const void *left, const void *right) {
    const struct stillmine_hit *a = left;
    const struct stillmine_hit *b = right;
    if (a->distance_bits != b->distance_bits) {
        return a->distance_bits < b->distance_bits ? -1 : 1;
    }
    return memcmp(a->id, b->id, STILLMINE_ID_BYTES);
}

static int compare_by_id(const void *left, const void *right) {
    const struct stillmine_hit *a = left;
    const struct stillmine_hit *b = right;
    const int order = memcmp(a->id, b->id, STILLMINE_ID_BYTES);
    if (order != 0) {
        return order;
    }
    if (a->distance_bits != b->distance_bits) {
        return a->distance_bits < b->distance_bits ? -1 : 1;
    }
    return (a->query > b->query) - (a->query < b->query);
}

struct share {
    stillmine_index *index;
    const uint8_t *queries;
    size_t first;
    size_t end;
    uint32_t max_distance_bits;
    struct hit_list hits;
    bool is_ok;
};

static void *search_share(void *argument) {
    struct share *share = argument;
    struct stillmine_found_list found = {0};
    share->is_ok = true;
    for (size_t i = share->first; i < share->end && share->is_ok; i++) {
        uint64_t query[4];
        const size_t before = share->hits.count;
        stillmine_permute_value(share->index, share->queries + i * STILLMINE_FINGERPRINT_BYTES, query);
        stillmine_begin_read(&share->index->searches);
        share->is_ok = find_near(share->index, query, share->max_distance_bits, &found) &&
                       append_hits(share->index, &found, (uint32_t)i, &share->hits);
        stillmine_end_read(&share->index->searches);
        if (share->hits.count - before > 1) {
            qsort(share->hits.items + before, share->hits.count - before, sizeof *share->hits.items, compare_hits);
        }
    }
    free(found.items);
    return NULL;
}

static int join_shares(struct share *shares, uint32_t count, struct stillmine_hits *hits) {
    size_t total = 0;
    bool is_ok = true;
    for (uint32_t i = 0; i < count; i++) {
        total += shares[i].hits.count;
        is_ok = is_ok && shares[i].is_ok;
    }
    hits->items = shares[0].hits.items;
    hits->count = shares[0].hits.count;
    if (is_ok && count > 1) {
        struct stillmine_hit *grown = realloc(hits->items, (total + 1) * sizeof *grown);
        is_ok = grown != NULL;
        hits->items = is_ok ? grown : hits->items;
        for (uint32_t i = 1; is_ok && i < count; i++) {
            if (shares[i].hits.count > 0) {
                memcpy(hits->items + hits->count, shares[i].hits.items, shares[i].hits.count * sizeof *grown);
                hits->count += shares[i].hits.count;
            }
        }
    }
    for (uint32_t i = 1; i < count; i++) {
        free(shares[i].hits.items);
    }
    if (!is_ok) {
        stillmine_free_hits(hits);
        return STILLMINE_INDEX_NO_MEMORY;
    }
    return STILLMINE_INDEX_OK;
}

int stillmine_search_index(stillmine_index *index, const uint8_t *queries, size_t count, uint32_t max_distance_bits,
                           uint32_t threads, struct stillmine_hits *hits) {
    struct share shares[STILLMINE_MAX_THREADS];
    pthread_t started[STILLMINE_MAX_THREADS];
    *hits = (struct stillmine_hits){0};
    if (max_distance_bits > STILLMINE_MAX_DISTANCE_BITS || count > UINT32_MAX || threads < 1 ||
        threads > STILLMINE_MAX_THREADS) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    const uint32_t used = count < threads ? (count == 0 ? 1 : (uint32_t)count) : threads;
    uint32_t running = 0;
    for (uint32_t i = used; i-- > 0;) {
        shares[i] = (struct share){.index = index, .queries = queries, .max_distance_bits = max_distance_bits};
        shares[i].first = count * i / used;
        shares[i].end = count * (i + 1) / used;
        if (i > 0 && pthread_create(&started[running], NULL, search_share, &shares[i]) == 0) {
            running++;
        } else {
            search_share(&shares[i]);
        }
    }
    while (running > 0) {
        pthread_join(started[--running], NULL);
    }
    return join_shares(shares, used, hits);
}

static void keep_nearest(struct hit_list *hits) {
    size_t kept = 0;
    qsort(hits->items, hits->count, sizeof *hits->items, compare_by_id);
    for (size_t i = 0; i < hits->count; i++) {
        if (kept == 0 || memcmp(hits->items[kept - 1].id, hits->items[i].id, STILLMINE_ID_BYTES) != 0) {
            hits->items[kept++] = hits->items[i];
        }
    }
    hits->count = kept;
    qsort(hits->items, hits->count, sizeof *hits->items, compare_hits);
}

int stillmine_search_variants(stillmine_index *index, const uint8_t *queries, size_t count, uint32_t max_distance_bits,
                              struct stillmine_hits *hits) {
    struct stillmine_found_list found = {0};
    struct hit_list list = {0};
    bool is_ok = true;
    *hits = (struct stillmine_hits){0};
    if (max_distance_bits > STILLMINE_MAX_DISTANCE_BITS || count > UINT32_MAX) {
        return STILLMINE_INDEX_BAD_ARGUMENT;
    }
    stillmine_begin_read(&index->searches);
    for (size_t i = 0; i < count && is_ok; i++) {
        uint64_t query[4];
        stillmine_permute_value(index, queries + i * STILLMINE_FINGERPRINT_BYTES, query);
        is_ok = find_near(index, query, max_distance_bits, &found) && append_hits(index, &found, (uint32_t)i, &list);
    }
    stillmine_end_read(&index->searches);
    if (is_ok && list.count > 1) {
        keep_nearest(&list);
    }
    free(found.items);
    hits->items = list.items;
    hits->count = list.count;
    if (!is_ok) {
        stillmine_free_hits(hits);
        return STILLMINE_INDEX_NO_MEMORY;
    }
    return STILLMINE_INDEX_OK;
}

void stillmine_free_hits(struct stillmine_hits *hits) {
    free(hits->items);
    *hits = (struct stillmine_hits){0};
}
