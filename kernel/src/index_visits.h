/* SPDX-License-Identifier: Apache-2.0 */
/* The queries of a batch looked up in all bands. */
#ifndef STILLMINE_INDEX_VISITS_H
#define STILLMINE_INDEX_VISITS_H

#include "index_batch.h"

/* How every band is searched, and until when that is right. */
struct stillmine_plan {
    struct stillmine_radii chosen;
    struct stillmine_layout layout; /* as it was: to be read without a lock */
    uint64_t changed;
    bool has_bands; /* and they are cheaper than looking at every value */
};

/* Begins and ends the lock for reading. */
void stillmine_make_plan(stillmine_index *index, uint32_t max_distance_bits, struct stillmine_plan *plan);

/* Looks up the first `count` queries, band by band, under the lock for reading a few visits at a time, so that updates
 * never wait for long. *is_same is false where other bands took the place of these meanwhile: something may stand in
 * one that was passed already. False when there is no memory. */
bool stillmine_look_up_batch(stillmine_index *index, struct stillmine_batch *batch, uint32_t count,
                             const struct stillmine_plan *plan, bool *is_same);

#endif
