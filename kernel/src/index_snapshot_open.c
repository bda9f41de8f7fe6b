/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot is mapped, read through once and believed only then. Sizes come from counts, never from offsets. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index_snapshot.h"

struct opening {
    stillmine_index *index;
    const struct stillmine_snapshot_header *header;
    uint8_t *sections[STILLMINE_SECTIONS];
    struct stillmine_layout layout;
};

static int map_file(int file, stillmine_index *index) {
    struct stat about;
    if (fstat(file, &about) != 0) {
        return STILLMINE_INDEX_FILE_ERROR;
    }
    if (!S_ISREG(about.st_mode)) {
        return STILLMINE_SNAPSHOT_KIND;
    }
    if (about.st_size < STILLMINE_PAGE) {
        return STILLMINE_SNAPSHOT_TRUNCATED;
    }
    void *mapping = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
    if (mapping == MAP_FAILED) {
        return STILLMINE_INDEX_FILE_ERROR;
    }
    index->mapping = mapping;
    index->mapping_bytes = (size_t)about.st_size;
#ifdef MADV_POPULATE_READ
    (void)madvise(mapping, index->mapping_bytes, MADV_POPULATE_READ);
#endif
    return STILLMINE_INDEX_OK;
}

static int read_header(const struct stillmine_snapshot_header *header, uint64_t file_bytes) {
    if (memcmp(header->magic, STILLMINE_SNAPSHOT_MAGIC, sizeof header->magic) != 0 ||
        header->byte_order != STILLMINE_NATIVE_ORDER) {
        return STILLMINE_SNAPSHOT_KIND;
    }
    if (header->format != STILLMINE_SNAPSHOT_FORMAT) {
        return STILLMINE_SNAPSHOT_VERSION;
    }
    if (header->kind != STILLMINE_SNAPSHOT_HAMMING) {
        return STILLMINE_SNAPSHOT_KIND;
    }
    if (stillmine_hash_header(header) != header->header_hash) {
        return STILLMINE_SNAPSHOT_DAMAGED;
    }
    if (file_bytes < header->file_bytes) {
        return STILLMINE_SNAPSHOT_TRUNCATED;
    }
    const bool has_counts = header->slot_count <= STILLMINE_MAX_VALUES && header->live_count <= header->slot_count &&
                            header->is_wide <= 1 && header->band_count <= STILLMINE_MAX_BANDS;
    const bool is_narrow_enough = header->is_wide == 1 || header->slot_count <= STILLMINE_NARROW_SLOTS;
    if (file_bytes != header->file_bytes || !has_counts || (header->band_count > 0 && !is_narrow_enough)) {
        return STILLMINE_SNAPSHOT_DAMAGED;
    }
    return STILLMINE_INDEX_OK;
}

static bool read_layout(struct opening *opening) {
    const struct stillmine_snapshot_header *header = opening->header;
    struct stillmine_layout *layout = &opening->layout;
    layout->band_count = header->band_count;
    layout->form = header->is_wide == 1 ? STILLMINE_WIDE : STILLMINE_NARROW;
    layout->planned = header->planned;
    for (uint32_t i = 0; i < header->band_count; i++) {
        layout->bands[i].width = header->bands[i].width;
        layout->bands[i].index_bits = header->bands[i].index_bits;
        layout->bands[i].home_lines = header->bands[i].home_lines;
        if (header->bands[i].overflow_count > STILLMINE_MAX_OVERFLOW) {
            return false;
        }
    }
    return header->band_count == 0 || stillmine_complete_layout(layout);
}

static bool find_sections(struct opening *opening) {
    uint64_t at = STILLMINE_PAGE;
    for (uint32_t section = 0; section < stillmine_count_sections(opening->header); section++) {
        opening->sections[section] = (uint8_t *)opening->index->mapping + at;
        at += stillmine_pad_section(stillmine_measure_section(opening->header, section));
        if (at > opening->index->mapping_bytes) {
            return false;
        }
    }
    return at == opening->index->mapping_bytes;
}

static bool has_right_hash(const struct opening *opening) {
    struct stillmine_hash hash;
    const uint8_t *mapping = opening->index->mapping;
    stillmine_begin_hash(&hash);
    stillmine_update_hash(&hash, mapping + STILLMINE_PAGE, opening->index->mapping_bytes - STILLMINE_PAGE);
    return stillmine_finish_hash(&hash) == opening->header->body_hash;
}

/* Whole chunks stay in the mapping; the last is copied, because it goes on growing. */
static bool take_store(struct opening *opening) {
    struct stillmine_store *store = &opening->index->store;
    const uint32_t slots = opening->header->slot_count;
    const uint32_t whole = slots >> STILLMINE_CHUNK_BITS;
    const uint32_t rest = slots % STILLMINE_CHUNK_SLOTS;
    uint8_t *const *sections = opening->sections;
    if (whole > 0 && !stillmine_grow_directory(store, whole, whole)) {
        return false;
    }
    for (uint32_t i = 0; i < whole; i++) {
        store->live[i] = malloc(STILLMINE_CHUNK_SLOTS / 8);
        if (store->live[i] == NULL) {
            return false;
        }
        store->values[i] = (uint64_t *)(void *)(sections[STILLMINE_VALUES] +
                                                (size_t)i * STILLMINE_CHUNK_SLOTS * STILLMINE_FINGERPRINT_BYTES);
        store->ids[i] = sections[STILLMINE_IDS] + (size_t)i * STILLMINE_CHUNK_SLOTS * STILLMINE_ID_BYTES;
        memcpy(store->live[i], sections[STILLMINE_LIVE] + (size_t)i * STILLMINE_CHUNK_SLOTS / 8,
               STILLMINE_CHUNK_SLOTS / 8);
        store->notes[i] = NULL;
        store->chunk_count = store->id_chunk_count = store->mapped_chunks = i + 1;
    }
    if (rest > 0) {
        const size_t first = (size_t)whole * STILLMINE_CHUNK_SLOTS;
        if (!stillmine_make_room(store, (uint32_t)first)) {
            return false;
        }
        memcpy(store->values[whole], sections[STILLMINE_VALUES] + first * STILLMINE_FINGERPRINT_BYTES,
               (size_t)rest * STILLMINE_FINGERPRINT_BYTES);
        memcpy(store->ids[whole], sections[STILLMINE_IDS] + first * STILLMINE_ID_BYTES,
               (size_t)rest * STILLMINE_ID_BYTES);
        memcpy(store->live[whole], sections[STILLMINE_LIVE] + first / 8, ((size_t)rest + 63) / 64 * sizeof(uint64_t));
    }
    store->slot_count = slots;
    store->live_count = opening->header->live_count;
    return true;
}

static bool take_segments(struct opening *opening) {
    struct stillmine_segment *segments = opening->index->store.segments;
    uint32_t *entries = (uint32_t *)(void *)opening->sections[STILLMINE_ENTRIES];
    uint64_t total = 0;
    for (uint32_t i = 0; i < STILLMINE_SEGMENTS; i++) {
        uint32_t capacity;
        memcpy(&capacity, opening->sections[STILLMINE_CAPACITIES] + i * sizeof capacity, sizeof capacity);
        if (total + capacity > opening->header->id_entries) {
            return false;
        }
        segments[i] = (struct stillmine_segment){.entries = entries + total, .capacity = capacity, .is_mapped = true};
        total += capacity;
    }
    return total == opening->header->id_entries;
}

static int take_bands(struct opening *opening) {
    stillmine_index *index = opening->index;
    index->bands = calloc(1, sizeof *index->bands);
    if (index->bands == NULL) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    index->bands->layout = opening->layout;
    stillmine_plan_usual(index->bands);
    for (uint32_t i = 0; i < opening->layout.band_count; i++) {
        const struct stillmine_band *band = &opening->layout.bands[i];
        struct stillmine_table *table = &index->bands->tables[i];
        *table = (struct stillmine_table){.home_lines = band->home_lines,
                                          .form = opening->layout.form,
                                          .most_chained = STILLMINE_MAX_CHAIN,
                                          .is_mapped = true};
        table->home = (union stillmine_line *)(void *)opening->sections[STILLMINE_HOME + 2 * i];
        table->home_count = (uint64_t)band->home_lines << band->index_bits;
        if (!stillmine_copy_overflow(table, opening->sections[STILLMINE_OVERFLOW + 2 * i],
                                     opening->header->bands[i].overflow_count)) {
            return STILLMINE_INDEX_NO_MEMORY;
        }
        if (!stillmine_check_table(table, opening->header->slot_count)) {
            return STILLMINE_SNAPSHOT_DAMAGED;
        }
    }
    return STILLMINE_INDEX_OK;
}

static int read_snapshot(int file, stillmine_index *index) {
    struct opening opening = {.index = index};
    int status = map_file(file, index);
    if (status != STILLMINE_INDEX_OK) {
        return status;
    }
    opening.header = index->mapping;
    status = read_header(opening.header, index->mapping_bytes);
    if (status != STILLMINE_INDEX_OK) {
        return status;
    }
    if (!read_layout(&opening) || !find_sections(&opening) || !has_right_hash(&opening) || !take_segments(&opening)) {
        return STILLMINE_SNAPSHOT_DAMAGED;
    }
    if (!take_store(&opening)) {
        return STILLMINE_INDEX_NO_MEMORY;
    }
    if (!stillmine_check_store(&index->store)) {
        return STILLMINE_SNAPSHOT_DAMAGED;
    }
    index->churn = opening.header->churn;
    return opening.header->band_count == 0 ? STILLMINE_INDEX_OK : take_bands(&opening);
}

int stillmine_open_snapshot(const char *path, stillmine_index **opened) {
    stillmine_index *index = NULL;
    *opened = NULL;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return STILLMINE_INDEX_FILE_ERROR;
    }
    int status = stillmine_create_index(&index);
    if (status == STILLMINE_INDEX_OK) {
        status = read_snapshot(file, index);
    }
    const int error = errno;
    close(file);
    if (status != STILLMINE_INDEX_OK) {
        stillmine_destroy_index(index);
        errno = error;
        return status;
    }
    pthread_mutex_lock(&index->updates);
    stillmine_start_moving(index);
    stillmine_consider_rebuild(index);
    pthread_mutex_unlock(&index->updates);
    *opened = index;
    return STILLMINE_INDEX_OK;
}
