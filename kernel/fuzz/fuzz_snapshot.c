/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: files that are nearly snapshots, with right checksums or not. Whatever opens must be safe to use. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "../src/index_snapshot.h"
#include "../tests/index_model.h"

#define SNAPSHOTS 3
#define CHANGE_BYTES 6

static struct model model;
static uint8_t *snapshots[SNAPSHOTS];
static size_t lengths[SNAPSHOTS];

static void keep_snapshot(int number, stillmine_index *index) {
    char name[] = "fuzz_snapshot.XXXXXX";
    const int made = mkstemp(name);
    REQUIRE(made >= 0);
    close(made);
    stillmine_settle_index(index);
    REQUIRE(stillmine_write_snapshot(index, name) == STILLMINE_INDEX_OK);
    FILE *file = fopen(name, "rb");
    REQUIRE(file != NULL && fseek(file, 0, SEEK_END) == 0);
    lengths[number] = (size_t)ftell(file);
    snapshots[number] = malloc(lengths[number]);
    rewind(file);
    REQUIRE(fread(snapshots[number], 1, lengths[number], file) == lengths[number]);
    fclose(file);
    remove(name);
}

/* One without tables, one with, one with chains, heavy buckets and free slots. */
int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    for (int number = 0; number < SNAPSHOTS; number++) {
        stillmine_index *index;
        memset(&model, 0, sizeof model);
        REQUIRE(stillmine_create_index(&index) == STILLMINE_INDEX_OK);
        model_add_many(&model, index, 0, number == 0 ? 50 : 2500, 0, 1);
        if (number == 2) {
            model_add_many(&model, index, 2500, 3500, 2, 1);
            for (uint32_t key = 0; key < 100; key++) {
                model_remove(&model, index, 30 * key);
            }
        }
        keep_snapshot(number, index);
        stillmine_destroy_index(index);
    }
    return 0;
}

static void mend_checksums(uint8_t *bytes, size_t length) {
    struct stillmine_snapshot_header header;
    struct stillmine_hash hash;
    memcpy(&header, bytes, sizeof header);
    stillmine_begin_hash(&hash);
    stillmine_update_hash(&hash, bytes + STILLMINE_PAGE, length - STILLMINE_PAGE);
    header.body_hash = stillmine_finish_hash(&hash);
    header.file_bytes = length;
    header.header_hash = stillmine_hash_header(&header);
    memcpy(bytes, &header, sizeof header);
}

static void use_index(stillmine_index *index) {
    uint8_t id[STILLMINE_ID_BYTES];
    uint8_t value[STILLMINE_FINGERPRINT_BYTES];
    model.state = 1;
    for (uint32_t i = 0; i < 60; i++) {
        struct stillmine_hits hits;
        bool was_there;
        make_value(&model, i % 5, value);
        REQUIRE(stillmine_search_index(index, value, 1, i % 3 == 0 ? i : 31, 1, &hits) == STILLMINE_INDEX_OK);
        stillmine_free_hits(&hits);
        make_id(30 * i + i % 2, id);
        REQUIRE(stillmine_remove_value(index, id, &was_there) == STILLMINE_INDEX_OK);
        make_id(40000 + i, id);
        REQUIRE(stillmine_add_value(index, id, value) == STILLMINE_INDEX_OK);
    }
    stillmine_settle_index(index);
}

/* First byte: which snapshot, and whether checksums are mended; then how much is cut off; then changes at places. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    stillmine_index *index;
    char path[64];
    if (size < 3) {
        return 0;
    }
    const int number = data[0] % SNAPSHOTS;
    const size_t cut = data[0] >= 224 ? (size_t)data[1] << 8 | data[2] : 0;
    const size_t length = lengths[number] > cut ? lengths[number] - cut : 0;
    uint8_t *bytes = malloc(lengths[number]);
    memcpy(bytes, snapshots[number], lengths[number]);
    for (size_t at = 3; at + CHANGE_BYTES <= size; at += CHANGE_BYTES) {
        const size_t place = ((size_t)data[at] << 16 | (size_t)data[at + 1] << 8 | data[at + 2]) % lengths[number];
        for (size_t i = 0; i < 3 && place + i < lengths[number]; i++) {
            bytes[place + i] ^= data[at + 3 + i];
        }
    }
    if (data[0] % 8 != 7 && length >= STILLMINE_PAGE) {
        mend_checksums(bytes, length);
    }
    const int file = memfd_create("snapshot", 0);
    REQUIRE(file >= 0 && write(file, bytes, length) == (ssize_t)length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (stillmine_open_snapshot(path, &index) == STILLMINE_INDEX_OK) {
        use_index(index);
        stillmine_destroy_index(index);
    }
    close(file);
    free(bytes);
    return 0;
}
