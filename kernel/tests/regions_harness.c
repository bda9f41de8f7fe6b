/* SPDX-License-Identifier: Apache-2.0 */
/* Says what the kernel finds in a picture on standard input. Arguments: width height format batch area stretch count;
 * a count of 0 asks for what a case is given. Prints "base W H CHECKSUM", then a line for each region: geometry, hash,
 * mirrored hash, strength, frame, hash of the frame; or "status N". Every buffer is exactly as large as promised. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stillmine/regions.h"

static uint32_t checksum(const uint8_t *bytes, size_t count) {
    uint32_t value = UINT32_C(2166136261);
    for (size_t i = 0; i < count; i++) {
        value = (value ^ bytes[i]) * UINT32_C(16777619);
    }
    return value;
}

static void print_bytes(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf("%02x", bytes[i]);
    }
    printf(" ");
}

static int make_base(const uint32_t *numbers, struct stillmine_base *base) {
    size_t levels_bytes;
    size_t state_bytes;
    int status = stillmine_measure_base(numbers[0], numbers[1], numbers[2], &base->width, &base->height, &levels_bytes,
                                        &state_bytes);
    if (status != STILLMINE_OK) {
        return status;
    }
    uint8_t *levels = malloc(levels_bytes);
    stillmine_base_maker *state = aligned_alloc(16, state_bytes);
    const size_t row_bytes = (size_t)numbers[0] * numbers[2];
    uint8_t *rows = malloc(row_bytes * numbers[3]);
    status = stillmine_begin_base(state, state_bytes, numbers[0], numbers[1], numbers[2]);
    for (uint32_t row = 0; status == STILLMINE_OK && row < numbers[1]; row += numbers[3]) {
        const uint32_t count = numbers[1] - row < numbers[3] ? numbers[1] - row : numbers[3];
        if (fread(rows, row_bytes, count, stdin) != count) {
            exit(2);
        }
        status = stillmine_add_base_rows(state, rows, row_bytes, count, levels);
    }
    if (status == STILLMINE_OK) {
        status = stillmine_finish_base(state, levels);
    }
    for (size_t i = 0; status == STILLMINE_OK && i < state_bytes; i++) {
        if (((const uint8_t *)state)[i] != 0) {
            exit(3); /* not wiped */
        }
    }
    free(rows);
    free(state);
    base->levels = levels;
    if (status == STILLMINE_OK) {
        printf("base %u %u %u\n", base->width, base->height, checksum(levels, levels_bytes));
    }
    return status;
}

static void print_region(const struct stillmine_base *base, uint32_t stretch, const struct stillmine_region *region) {
    int16_t frame[1][STILLMINE_FRAME_NUMBERS];
    uint8_t hash[1][STILLMINE_HASH_BYTES];
    print_bytes(region->geometry, STILLMINE_GEOMETRY_BYTES);
    print_bytes(region->hash, STILLMINE_HASH_BYTES);
    print_bytes(region->mirrored, STILLMINE_HASH_BYTES);
    printf("%u", region->strength);
    if (stillmine_frame_region(base->width, base->height, stretch, region->geometry, frame[0]) != STILLMINE_OK ||
        stillmine_hash_frames(base, (const int16_t (*)[STILLMINE_FRAME_NUMBERS])frame, 1, hash) != STILLMINE_OK) {
        exit(4);
    }
    for (int i = 0; i < STILLMINE_FRAME_NUMBERS; i++) {
        printf(" %d", frame[0][i]);
    }
    printf(" ");
    print_bytes(hash[0], STILLMINE_HASH_BYTES);
    printf("\n");
}

static int find(const struct stillmine_base *base, uint32_t area, uint32_t stretch, uint32_t asked) {
    size_t bytes;
    int status = stillmine_measure_find(base->width, base->height, area, stretch, &bytes);
    if (status != STILLMINE_OK) {
        return status;
    }
    const uint32_t capacity = asked == 0 ? STILLMINE_MAX_REGIONS : asked;
    uint8_t *workspace = aligned_alloc(16, bytes);
    struct stillmine_region *regions = malloc(capacity * sizeof *regions);
    uint32_t count = 0;
    memset(workspace, 0xa5, bytes);
    status = asked == 0 ? stillmine_enrol_regions(base, workspace, bytes, regions, &count)
                        : stillmine_find_regions(base, area, stretch, workspace, bytes, regions, capacity, &count);
    for (size_t i = 0; status == STILLMINE_OK && i < bytes; i++) {
        if (workspace[i] != 0) {
            exit(3);
        }
    }
    for (uint32_t i = 0; status == STILLMINE_OK && i < count; i++) {
        print_region(base, stretch, regions + i);
    }
    free(regions);
    free(workspace);
    return status;
}

int main(int argc, char **argv) {
    uint32_t numbers[7] = {0};
    if (argc != 8) {
        return 1;
    }
    for (int i = 0; i < 7; i++) {
        numbers[i] = (uint32_t)strtoul(argv[i + 1], NULL, 10);
    }
    struct stillmine_base base = {0};
    int status = make_base(numbers, &base);
    if (status == STILLMINE_OK) {
        status = find(&base, numbers[4], numbers[5], numbers[6]);
    }
    free((void *)(uintptr_t)base.levels);
    if (status != STILLMINE_OK) {
        printf("status %d\n", status);
    }
    return 0;
}
