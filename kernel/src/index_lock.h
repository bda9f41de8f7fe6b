/* SPDX-License-Identifier: Apache-2.0 */
/* Many readers or one writer; a waiting writer goes first, so that a removal takes effect however many search. */
#ifndef STILLMINE_INDEX_LOCK_H
#define STILLMINE_INDEX_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct stillmine_lock {
    pthread_mutex_t mutex;
    pthread_cond_t readers_go;
    pthread_cond_t writer_goes;
    uint32_t readers;
    uint32_t writers_waiting;
    bool is_written;
};

static inline bool stillmine_prepare_lock(struct stillmine_lock *lock) {
    lock->readers = 0;
    lock->writers_waiting = 0;
    lock->is_written = false;
    if (pthread_mutex_init(&lock->mutex, NULL) != 0) {
        return false;
    }
    pthread_cond_init(&lock->readers_go, NULL);
    pthread_cond_init(&lock->writer_goes, NULL);
    return true;
}

static inline void stillmine_discard_lock(struct stillmine_lock *lock) {
    pthread_cond_destroy(&lock->writer_goes);
    pthread_cond_destroy(&lock->readers_go);
    pthread_mutex_destroy(&lock->mutex);
}

static inline void stillmine_begin_read(struct stillmine_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
    while (lock->is_written || lock->writers_waiting > 0) {
        pthread_cond_wait(&lock->readers_go, &lock->mutex);
    }
    lock->readers++;
    pthread_mutex_unlock(&lock->mutex);
}

static inline void stillmine_end_read(struct stillmine_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
    lock->readers--;
    if (lock->readers == 0 && lock->writers_waiting > 0) {
        pthread_cond_signal(&lock->writer_goes);
    }
    pthread_mutex_unlock(&lock->mutex);
}

static inline void stillmine_begin_write(struct stillmine_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
    lock->writers_waiting++;
    while (lock->is_written || lock->readers > 0) {
        pthread_cond_wait(&lock->writer_goes, &lock->mutex);
    }
    lock->writers_waiting--;
    lock->is_written = true;
    pthread_mutex_unlock(&lock->mutex);
}

static inline void stillmine_end_write(struct stillmine_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
    lock->is_written = false;
    if (lock->writers_waiting > 0) {
        pthread_cond_signal(&lock->writer_goes);
    } else {
        pthread_cond_broadcast(&lock->readers_go);
    }
    pthread_mutex_unlock(&lock->mutex);
}

#endif
