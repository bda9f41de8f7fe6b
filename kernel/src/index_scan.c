/* SPDX-License-Identifier: Apache-2.0 */
/* The plain way to search, which is exact for every distance, and the list that every way of searching writes to. */
#include <stdlib.h>

#include "index_parts.h"

#define FIRST_FOUND 64
#define SCAN_BLOCK 512

bool stillmine_append_found(struct stillmine_found_list *list, uint32_t slot, uint32_t distance_bits) {
    if (list->most != 0 && list->count == list->most) {
        list->hand_over(list, list->receiver);
        list->count = 0;
    }
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? FIRST_FOUND : 2 * list->capacity;
        struct stillmine_found *grown = realloc(list->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count++] = (struct stillmine_found){slot, distance_bits};
    return true;
}

bool stillmine_scan_store(const struct stillmine_index *index, const uint64_t query[4], uint32_t max_distance_bits,
                          struct stillmine_found_list *found) {
    const struct stillmine_store *store = &index->store;
    const struct stillmine_loops loops = stillmine_choose_loops(index->level);
    uint32_t near[SCAN_BLOCK + 1]; /* a loop writes one more than it keeps */
    for (uint32_t start = 0; start < store->slot_count; start += SCAN_BLOCK) {
        const uint32_t left = store->slot_count - start;
        const uint64_t *values = stillmine_get_value(store, start);
        const size_t count = loops.scan(values, left < SCAN_BLOCK ? left : SCAN_BLOCK, query, max_distance_bits, near);
        for (size_t i = 0; i < count; i++) {
            const uint32_t slot = start + near[i];
            if (stillmine_is_live(store, slot) &&
                !stillmine_append_found(found, slot,
                                        stillmine_count_difference(stillmine_get_value(store, slot), query))) {
                return false;
            }
        }
    }
    return true;
}
