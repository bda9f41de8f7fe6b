/* SPDX-License-Identifier: Apache-2.0 */
/* The same index where an id has several values: the regions of a picture. A search of many values says which ids have
 * two different ones near two different queries, and which have one: spec/matching.md, "Regions: the index".
 *
 * Notes are bytes that the index keeps beside values and ids and gives back; it doesn't look at them. An index of this
 * kind writes no snapshots. */
#ifndef STILLMINE_INDEX_GROUPS_H
#define STILLMINE_INDEX_GROUPS_H

#include "stillmine/index.h"

#define STILLMINE_MOST_VALUES 64 /* of one id */
#define STILLMINE_MOST_NOTE_BYTES 64
/* A query with this many values near it, or more, is not counted further, and its answers are found from the ids that
 * other queries found. */
#ifndef STILLMINE_MANY_NEAR /* tests lower it */
#define STILLMINE_MANY_NEAR 16384
#endif
/* A query with this many values alone near it is common: what it finds by itself comes after what others find. */
#define STILLMINE_COMMON_ALONE 16

struct stillmine_shape {
    uint32_t most_values; /* of one id; memory is taken for as many */
    uint32_t value_note_bytes;
    uint32_t id_note_bytes;
};

/* Of each id: one note, the number of its values, and one after the other its values and their notes. */
struct stillmine_groups {
    const uint8_t *ids;
    const uint8_t *id_notes;
    const uint8_t *counts;
    const uint8_t *values;
    const uint8_t *value_notes;
    size_t count; /* of ids */
};

/* An id that has values near queries. */
struct stillmine_shared {
    uint8_t id[STILLMINE_ID_BYTES];
    uint32_t value_count;
    uint32_t pair_count;
};

struct stillmine_pair {
    uint32_t query;
    uint16_t value; /* number among the values of the id */
    uint16_t distance_bits;
};

struct stillmine_shared_list {
    struct stillmine_shared *items; /* those with two or more, most values near queries first; then those with one */
    size_t count;
    size_t shared_count; /* of them, those with two different values near two different queries */
    struct stillmine_pair *pairs; /* of the first item in order of query and value, then of the next */
    size_t pair_count;
    uint8_t *values; /* all of each item, in the same order as items; and the notes of all */
    uint8_t *value_notes;
    uint8_t *id_notes;
    size_t value_count;
    uint32_t *alone; /* for each query: how many values near it belong to ids with no other near any query */
    bool is_cut; /* there are more ids with two than were asked for */
};

int stillmine_create_groups(stillmine_index **index, struct stillmine_shape shape);

/* Adds or replaces ids with all their values. Bad argument: a count of none or of too many. */
int stillmine_add_groups(stillmine_index *index, const struct stillmine_groups *groups, uint32_t threads);

/* What an id has: its note, and values and their notes in room for most_values; *count is 0 if it isn't there. */
int stillmine_read_group(stillmine_index *index, const uint8_t id[STILLMINE_ID_BYTES], uint8_t *id_note,
                         uint8_t *values, uint8_t *value_notes, uint32_t *count);

/* From now until the end, additions make no tables and searches look at everything: to fill an index for the first
 * time, piece by piece, without making its tables again and again. */
void stillmine_begin_loading(stillmine_index *index);
int stillmine_end_loading(stillmine_index *index, uint32_t threads);

size_t stillmine_count_ids(stillmine_index *index);

/* Ids that share two different values within max_distance_bits with two different queries, at most `most` of them, and
 * at most `most_single` of the others that share one, those nearest first that are near a query with few values alone;
 * all with every pair that they have in common with the queries. */
int stillmine_search_groups(stillmine_index *index, const uint8_t *queries, size_t count, uint32_t max_distance_bits,
                            uint32_t most, uint32_t most_single, uint32_t threads, struct stillmine_shared_list *list);
void stillmine_free_shared(struct stillmine_shared_list *list);

#endif
