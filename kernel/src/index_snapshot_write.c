/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot appears under its name only when it is whole and on the disk. Slots that were removed are zeros in it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index_snapshot.h"

#define BUFFER_BYTES ((size_t)1 << 20)

struct output {
    int file;
    int error; /* errno of the first failure */
    struct stillmine_hash hash;
    uint8_t *buffer;
    size_t filled;
};

static void write_bytes(struct output *output, const uint8_t *bytes, size_t length) {
    while (length > 0 && output->error == 0) {
        const ssize_t written = write(output->file, bytes, length);
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno != EINTR) {
            output->error = errno;
        }
    }
}

static void flush_buffer(struct output *output) {
    stillmine_update_hash(&output->hash, output->buffer, output->filled);
    write_bytes(output, output->buffer, output->filled);
    output->filled = 0;
}

static void put_bytes(struct output *output, const void *bytes, size_t length) {
    const uint8_t *from = bytes;
    while (length > 0) {
        const size_t room = BUFFER_BYTES - output->filled;
        const size_t part = length < room ? length : room;
        memcpy(output->buffer + output->filled, from, part);
        output->filled += part;
        from += part;
        length -= part;
        if (output->filled == BUFFER_BYTES) {
            flush_buffer(output);
        }
    }
}

/* The buffer's length is a multiple of a page, so what is in it says how much is missing. */
static void pad_page(struct output *output) {
    static const uint8_t zeros[STILLMINE_PAGE];
    put_bytes(output, zeros, (STILLMINE_PAGE - output->filled % STILLMINE_PAGE) % STILLMINE_PAGE);
}

static void put_slots(struct output *output, const struct stillmine_store *store) {
    static const uint8_t zeros[STILLMINE_FINGERPRINT_BYTES];
    for (uint32_t slot = 0; slot < store->slot_count; slot++) {
        put_bytes(output, stillmine_is_live(store, slot) ? (const void *)stillmine_get_value(store, slot) : zeros,
                  STILLMINE_FINGERPRINT_BYTES);
    }
    pad_page(output);
    for (uint32_t slot = 0; slot < store->slot_count; slot++) {
        put_bytes(output, stillmine_is_live(store, slot) ? stillmine_get_id(store, slot) : zeros, STILLMINE_ID_BYTES);
    }
    pad_page(output);
    for (uint32_t slot = 0; slot < store->slot_count; slot += 64) {
        const uint64_t *live = store->live[slot >> STILLMINE_CHUNK_BITS];
        put_bytes(output, &live[slot % STILLMINE_CHUNK_SLOTS / 64], sizeof *live);
    }
    pad_page(output);
}

static void put_segments(struct output *output, const struct stillmine_store *store) {
    for (uint32_t i = 0; i < STILLMINE_SEGMENTS; i++) {
        put_bytes(output, &store->segments[i].capacity, sizeof(uint32_t));
    }
    pad_page(output);
    for (uint32_t i = 0; i < STILLMINE_SEGMENTS; i++) {
        put_bytes(output, store->segments[i].entries, store->segments[i].capacity * sizeof(uint32_t));
    }
    pad_page(output);
}

static void put_table(struct output *output, const struct stillmine_table *table) {
    put_bytes(output, table->home, (size_t)table->home_count * STILLMINE_LINE_BYTES);
    pad_page(output);
    for (uint32_t i = 0; i < table->overflow_count; i++) {
        put_bytes(output, stillmine_get_overflow(table, i), STILLMINE_LINE_BYTES);
    }
    pad_page(output);
}

static void describe_index(const stillmine_index *index, struct stillmine_snapshot_header *header) {
    const struct stillmine_bands *bands = index->bands;
    memset(header, 0, sizeof *header);
    memcpy(header->magic, STILLMINE_SNAPSHOT_MAGIC, sizeof header->magic);
    header->byte_order = STILLMINE_NATIVE_ORDER;
    header->format = STILLMINE_SNAPSHOT_FORMAT;
    header->kind = STILLMINE_SNAPSHOT_HAMMING;
    header->slot_count = index->store.slot_count;
    header->live_count = index->store.live_count;
    header->churn = index->churn;
    for (uint32_t i = 0; i < STILLMINE_SEGMENTS; i++) {
        header->id_entries += index->store.segments[i].capacity;
    }
    header->band_count = bands == NULL ? 0 : bands->layout.band_count;
    header->planned = bands == NULL ? 0 : bands->layout.planned;
    header->is_wide = bands != NULL && bands->layout.form == STILLMINE_WIDE;
    for (uint32_t i = 0; i < header->band_count; i++) {
        const struct stillmine_band *band = &bands->layout.bands[i];
        header->bands[i] = (struct stillmine_snapshot_band){band->width, band->index_bits, band->home_lines,
                                                            bands->tables[i].overflow_count};
    }
    header->file_bytes = STILLMINE_PAGE;
    for (uint32_t section = 0; section < stillmine_count_sections(header); section++) {
        header->file_bytes += stillmine_pad_section(stillmine_measure_section(header, section));
    }
}

/* Under `updates`: the page of the header stays empty until everything else is written. */
static void put_index(struct output *output, const stillmine_index *index) {
    struct stillmine_snapshot_header header;
    memset(&header, 0, sizeof header);
    write_bytes(output, (const uint8_t *)&header, sizeof header);
    put_slots(output, &index->store);
    put_segments(output, &index->store);
    for (uint32_t i = 0; index->bands != NULL && i < index->bands->layout.band_count; i++) {
        put_table(output, &index->bands->tables[i]);
    }
    flush_buffer(output);
    describe_index(index, &header);
    header.body_hash = stillmine_finish_hash(&output->hash);
    header.header_hash = stillmine_hash_header(&header);
    if (output->error == 0 && lseek(output->file, 0, SEEK_SET) != 0) {
        output->error = errno;
    }
    write_bytes(output, (const uint8_t *)&header, sizeof header);
}

/* A rename is on the disk only when its folder is. */
static int sync_folder(const char *path) {
    char *folder = strdup(path);
    if (folder == NULL) {
        return ENOMEM;
    }
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    const int file = open(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = file < 0 || fsync(file) != 0 ? errno : 0;
    if (file >= 0) {
        close(file);
    }
    free(folder);
    return error;
}

static int write_file(stillmine_index *index, struct output *output, char *temporary, const char *path) {
    output->file = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (output->file < 0) {
        return errno;
    }
    pthread_mutex_lock(&index->updates);
    put_index(output, index);
    pthread_mutex_unlock(&index->updates);
    if (output->error == 0 && fsync(output->file) != 0) {
        output->error = errno;
    }
    if (close(output->file) != 0 && output->error == 0) {
        output->error = errno;
    }
    if (output->error == 0 && rename(temporary, path) != 0) {
        output->error = errno;
    }
    if (output->error != 0) {
        unlink(temporary);
        return output->error;
    }
    return sync_folder(path);
}

int stillmine_write_snapshot(stillmine_index *index, const char *path) {
    static const char ending[] = ".XXXXXX";
    const size_t length = strlen(path);
    struct output output = {.file = -1, .buffer = malloc(BUFFER_BYTES)};
    char *temporary = malloc(length + sizeof ending);
    int status = STILLMINE_INDEX_NO_MEMORY;
    if (output.buffer != NULL && temporary != NULL) {
        memcpy(temporary, path, length);
        memcpy(temporary + length, ending, sizeof ending);
        stillmine_begin_hash(&output.hash);
        const int error = write_file(index, &output, temporary, path);
        memset(output.buffer, 0, BUFFER_BYTES);
        status = error == 0 ? STILLMINE_INDEX_OK : STILLMINE_INDEX_FILE_ERROR;
        free(temporary);
        free(output.buffer);
        errno = error;
        return status;
    }
    free(temporary);
    free(output.buffer);
    return status;
}
