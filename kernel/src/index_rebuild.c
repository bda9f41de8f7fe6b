/* SPDX-License-Identifier: Apache-2.0 */
/* Bands for another number of values, filled in the background in short steps; then they take the place of the old. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "index_memory.h"
#include "index_parts.h"

#define STEP_SLOTS 1024
#define PAUSE_NS 50000
#define FORGIVEN_CHURN 65536

/* True when it has come to its end. */
static bool take_step(struct stillmine_rebuild *rebuild, struct stillmine_bands **discarded) {
    stillmine_index *index = rebuild->index;
    const uint32_t left = index->store.slot_count - rebuild->next_slot;
    const uint32_t end = rebuild->next_slot + (left < STEP_SLOTS ? left : STEP_SLOTS);
    if (end > 0 && stillmine_is_beyond(&rebuild->bands->layout, end - 1)) {
        *discarded = rebuild->bands; /* it grew meanwhile: the next one is wider */
        return true;
    }
    rebuild->has_failed = rebuild->has_failed ||
                          !stillmine_fill_bands(rebuild->bands, &index->store, rebuild->next_slot, end, UINT32_MAX, 1);
    rebuild->next_slot = end;
    if (rebuild->has_failed) {
        index->failed_at = index->store.live_count + 1;
        *discarded = rebuild->bands;
        return true;
    }
    if (end < index->store.slot_count) {
        return false;
    }
    *discarded = index->bands;
    stillmine_begin_write(&index->searches);
    index->bands = rebuild->bands;
    index->bands_changed++;
    stillmine_end_write(&index->searches);
    index->churn = 0;
    index->failed_at = 0;
    return true;
}

/* What has ended may leave the index in want of another rebuild. */
static void end_thread(stillmine_index *index) {
    pthread_mutex_lock(&index->updates);
    index->rebuilders--;
    if (index->rebuilders == 0) {
        stillmine_consider_rebuild(index);
    }
    pthread_cond_broadcast(&index->rebuild_ended);
    pthread_mutex_unlock(&index->updates);
}

static void *run_rebuild(void *argument) {
    struct stillmine_rebuild *rebuild = argument;
    stillmine_index *index = rebuild->index;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct stillmine_bands *discarded = NULL;
    bool has_ended = false;
    while (!has_ended) {
        pthread_mutex_lock(&index->updates);
        if (index->rebuild != rebuild) { /* cancelled */
            discarded = rebuild->bands;
            has_ended = true;
        } else {
            has_ended = take_step(rebuild, &discarded);
            index->rebuild = has_ended ? NULL : rebuild;
        }
        pthread_mutex_unlock(&index->updates);
        nanosleep(&pause, NULL); /* a mutex is not fair: updates that wait get their turn now */
    }
    stillmine_discard_bands(discarded);
    free(rebuild);
    end_thread(index);
    return NULL;
}

/* Under `updates`. */
static bool start_thread(stillmine_index *index, void *(*run)(void *), void *argument) {
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    const bool is_started = pthread_create(&thread, &attributes, run, argument) == 0;
    pthread_attr_destroy(&attributes);
    index->rebuilders += is_started ? 1 : 0;
    return is_started;
}

static void start_rebuild(stillmine_index *index, uint32_t count) {
    struct stillmine_rebuild *rebuild = malloc(sizeof *rebuild);
    struct stillmine_bands *bands = stillmine_create_bands(&index->store, count, index->store.slot_count);
    if (rebuild != NULL && bands != NULL) {
        *rebuild = (struct stillmine_rebuild){index, bands, 0, false};
        index->rebuild = rebuild;
        if (start_thread(index, run_rebuild, rebuild)) {
            return;
        }
    }
    index->rebuild = NULL;
    index->failed_at = index->store.live_count + 1;
    stillmine_discard_bands(bands);
    free(rebuild);
}

static void move_table(stillmine_index *index, struct stillmine_table *table) {
    const size_t bytes = (size_t)table->home_count * STILLMINE_LINE_BYTES;
    union stillmine_line *old = table->home;
    union stillmine_line *moved = stillmine_map_memory(bytes, true);
    if (moved == NULL) {
        return;
    }
    memcpy(moved, old, bytes);
    stillmine_begin_write(&index->searches);
    table->home = moved;
    table->is_mapped = false;
    stillmine_end_write(&index->searches);
    (void)madvise(old, bytes, MADV_DONTNEED);
}

static void *run_moving(void *argument) {
    stillmine_index *index = argument;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    for (uint32_t i = 0; i < STILLMINE_MAX_BANDS; i++) {
        pthread_mutex_lock(&index->updates);
        if (!index->is_closing && index->bands != NULL && index->bands->tables[i].is_mapped) {
            move_table(index, &index->bands->tables[i]);
        }
        pthread_mutex_unlock(&index->updates);
        nanosleep(&pause, NULL);
    }
    end_thread(index);
    return NULL;
}

void stillmine_start_moving(stillmine_index *index) {
    if (index->bands != NULL) {
        (void)start_thread(index, run_moving, index); /* without it searches are right, but slower */
    }
}

static bool fits(const stillmine_index *index) {
    const uint64_t count = index->store.live_count;
    if (index->bands == NULL) {
        return count < STILLMINE_MIN_INDEXED;
    }
    const uint64_t planned = index->bands->layout.planned;
    const bool is_too_small = count * 4 > planned * 5;
    const bool is_too_large = count * 4 < planned && planned > 2 * STILLMINE_MIN_INDEXED;
    const bool is_worn = index->churn > count / 2 + FORGIVEN_CHURN;
    const bool is_too_narrow =
        stillmine_is_beyond(&index->bands->layout, index->store.slot_count + index->store.slot_count / 7 + 1);
    return !is_too_small && !is_too_large && !is_worn && !is_too_narrow;
}

void stillmine_consider_rebuild(stillmine_index *index) {
    const uint32_t count = index->store.live_count;
    const bool has_failed = index->failed_at != 0 && count < index->failed_at + index->failed_at / 8;
    if (index->rebuild == NULL && !index->is_closing && !index->is_loading && !has_failed && !fits(index)) {
        start_rebuild(index, count + count / 8);
    }
}

void stillmine_cancel_rebuild(stillmine_index *index) {
    index->rebuild = NULL;
}

void stillmine_settle_index(stillmine_index *index) {
    pthread_mutex_lock(&index->updates);
    while (index->rebuilders > 0) {
        pthread_cond_wait(&index->rebuild_ended, &index->updates);
    }
    pthread_mutex_unlock(&index->updates);
}
