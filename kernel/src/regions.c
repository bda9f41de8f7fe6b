/* SPDX-License-Identifier: Apache-2.0 */
/* From a base to its regions: a view, its scales, their extrema, best first and apart, with angles and hashes. */
#include "stillmine/regions.h"

#include "regions_parts.h"

#define ALIGNMENT 16
#define SLOTS 8 /* angles of one extremum */
#define OCTAVE_STEPS 48        /* of the radius byte: that of the large area is told an octave smaller */
#define SMALLEST_RADIUS_BYTE 36 /* 10 pixels of the view; in the large one 12, which the byte 0 says */
#define SAME_RADIUS 15 /* steps of the radius byte: a factor of 1.25 */
#define SAME_ANGLE 14  /* of 256 a turn: 20 degrees */

/* How the workspace is laid out; offsets in bytes. */
struct plan {
    uint32_t width;
    uint32_t height;
    uint32_t octaves;
    size_t extrema;
    size_t row;
    size_t taps;
    size_t spare;
    size_t scales;
    size_t bytes;
};

static size_t round_up(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t larger(size_t one, size_t other) {
    return one > other ? one : other;
}

static struct plan make_plan(uint32_t base_width, uint32_t base_height, uint32_t area, uint32_t stretch) {
    struct plan plan = {0};
    stillmine_measure_view(base_width, base_height, area, stretch, &plan.width, &plan.height);
    uint32_t width = plan.width;
    uint32_t height = plan.height;
    size_t values = (size_t)width * height; /* the view, before its first blur */
    while (plan.octaves < STILLMINE_MAX_OCTAVES && width >= STILLMINE_MIN_VIEW_SIDE &&
           height >= STILLMINE_MIN_VIEW_SIDE) {
        values += STILLMINE_SCALES * (size_t)width * height;
        width /= 2;
        height /= 2;
        plan.octaves++;
    }
    plan.row = round_up(sizeof(struct stillmine_extrema));
    plan.taps = plan.row + round_up(base_width * sizeof(uint32_t));
    plan.spare = plan.taps + round_up(plan.width * sizeof(struct stillmine_taps));
    const size_t spare = larger(STILLMINE_BLUR_VALUES(plan.width), stillmine_measure_spare(plan.width));
    plan.scales = plan.spare + round_up(spare * sizeof(uint16_t));
    plan.bytes = plan.scales + round_up(values * sizeof(uint16_t));
    return plan;
}

static int check_view(uint32_t base_width, uint32_t base_height, uint32_t area, uint32_t stretch) {
    if (base_width == 0 || base_height == 0) {
        return STILLMINE_TOO_SMALL;
    }
    if (base_width > STILLMINE_MAX_DIMENSION || base_height > STILLMINE_MAX_DIMENSION ||
        (uint64_t)base_width * base_height > STILLMINE_BASE_AREA) {
        return STILLMINE_TOO_LARGE;
    }
    const int is_known = (area == STILLMINE_REGION_AREA || area == STILLMINE_LARGE_REGION_AREA) &&
                         stretch >= STILLMINE_MIN_STRETCH && stretch <= STILLMINE_MAX_STRETCH;
    return is_known ? STILLMINE_OK : STILLMINE_BAD_FORMAT;
}

int stillmine_measure_find(uint32_t base_width, uint32_t base_height, uint32_t area, uint32_t stretch,
                           size_t *workspace_bytes) {
    const int status = check_view(base_width, base_height, area, stretch);
    if (workspace_bytes == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    *workspace_bytes = status == STILLMINE_OK ? make_plan(base_width, base_height, area, stretch).bytes : 0;
    return status;
}

static void take_every_second(const struct stillmine_octave *from, struct stillmine_octave *octave, uint16_t *target) {
    const uint16_t *source = from->scales + STILLMINE_LAYERS * (size_t)from->width * from->height;
    octave->width = from->width / 2;
    octave->height = from->height / 2;
    octave->scales = target;
    for (uint32_t y = 0; y < octave->height; y++) {
        const uint16_t *row = source + 2 * (size_t)y * from->width;
        for (uint32_t x = 0; x < octave->width; x++) {
            target[(size_t)y * octave->width + x] = row[2 * (size_t)x];
        }
    }
}

static void build_octaves(const struct stillmine_base *base, const struct plan *plan, uint8_t *workspace,
                          struct stillmine_octave octaves[STILLMINE_MAX_OCTAVES]) {
    uint16_t *view = (uint16_t *)(void *)(workspace + plan->scales);
    uint16_t *spare = (uint16_t *)(void *)(workspace + plan->spare);
    stillmine_make_view(base, view, plan->width, plan->height, (uint32_t *)(void *)(workspace + plan->row),
                        (struct stillmine_taps *)(void *)(workspace + plan->taps));
    uint16_t *next = view + (size_t)plan->width * plan->height;
    for (uint32_t number = 0; number < plan->octaves; number++) {
        struct stillmine_octave *octave = octaves + number;
        if (number == 0) {
            *octave = (struct stillmine_octave){next, plan->width, plan->height};
            stillmine_blur(0, view, next, plan->width, plan->height, spare);
        } else {
            take_every_second(octave - 1, octave, next);
        }
        const size_t plane = (size_t)octave->width * octave->height;
        for (uint32_t scale = 1; scale < STILLMINE_SCALES; scale++) {
            stillmine_blur(scale, next + (scale - 1) * plane, next + scale * plane, octave->width, octave->height,
                           spare);
        }
        next += STILLMINE_SCALES * plane;
    }
}

static uint32_t quantise(int32_t place, uint32_t length) {
    const int64_t units = ((int64_t)place * 4096 + (int64_t)length * 128) / ((int64_t)length * 256);
    return units < 0 ? 0 : units > 4095 ? 4095 : (uint32_t)units;
}

static void write_geometry(const struct stillmine_extremum *extremum, const struct plan *plan, uint32_t area,
                           uint8_t angle, uint8_t geometry[STILLMINE_GEOMETRY_BYTES]) {
    const uint32_t x = quantise(extremum->x, plan->width);
    const uint32_t y = quantise(extremum->y, plan->height);
    const uint32_t octave_further = area == STILLMINE_LARGE_REGION_AREA ? OCTAVE_STEPS : 0;
    geometry[0] = (uint8_t)(x >> 4);
    geometry[1] = (uint8_t)((x & 15) << 4 | y >> 8);
    geometry[2] = (uint8_t)y;
    geometry[3] = (uint8_t)(extremum->radius_byte - octave_further);
    geometry[4] = angle;
}

struct kept {
    int32_t x;
    int32_t y;
    uint32_t radius;
    uint8_t radius_byte;
    uint8_t angle;
};

static int is_same(const struct kept *one, const struct kept *other) {
    const int64_t right = one->x - other->x;
    const int64_t down = one->y - other->y;
    const int64_t least = (int64_t)(one->radius < other->radius ? one->radius : other->radius) / 4;
    const int radius = one->radius_byte - other->radius_byte;
    const int8_t angle = (int8_t)(one->angle - other->angle);
    return right * right + down * down < least * least && radius <= SAME_RADIUS && radius >= -SAME_RADIUS &&
           angle <= SAME_ANGLE && angle >= -SAME_ANGLE;
}

static int is_kept(const struct kept *kept, uint32_t count, const struct kept *one) {
    for (uint32_t i = 0; i < count; i++) {
        if (is_same(kept + i, one)) {
            return 1;
        }
    }
    return 0;
}

/* Walks through the extrema from the best on; whatever is too like a better one is passed over. */
static uint32_t choose(const struct stillmine_extrema *extrema, const struct stillmine_octave *octaves,
                       const struct plan *plan, uint32_t area, struct stillmine_region *regions, uint32_t capacity) {
    struct kept kept[STILLMINE_MAX_REGIONS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < extrema->count && count < capacity; i++) {
        const struct stillmine_extremum *extremum = extrema->items + i;
        uint8_t angles[SLOTS];
        const uint32_t found = stillmine_find_angles(octaves + extremum->octave, extremum, angles, SLOTS);
        for (uint32_t slot = 0; slot < found && count < capacity; slot++) {
            const struct kept one = {extremum->x, extremum->y, extremum->radius, extremum->radius_byte, angles[slot]};
            if (!is_kept(kept, count, &one)) {
                kept[count] = one;
                write_geometry(extremum, plan, area, angles[slot], regions[count].geometry);
                regions[count].strength = extremum->contrast;
                count++;
            }
        }
    }
    return count;
}

int stillmine_find_regions(const struct stillmine_base *base, uint32_t area, uint32_t stretch, void *workspace,
                           size_t workspace_bytes, struct stillmine_region *regions, uint32_t capacity,
                           uint32_t *count) {
    if (base == NULL || base->levels == NULL || workspace == NULL || regions == NULL || count == NULL) {
        return STILLMINE_MISSING_BUFFER;
    }
    const int status = check_view(base->width, base->height, area, stretch);
    if (status != STILLMINE_OK) {
        return status;
    }
    const struct plan plan = make_plan(base->width, base->height, area, stretch);
    if (workspace_bytes < plan.bytes || (uintptr_t)workspace % ALIGNMENT != 0) {
        return STILLMINE_MISSING_BUFFER;
    }
    struct stillmine_octave octaves[STILLMINE_MAX_OCTAVES];
    struct stillmine_extrema *extrema = workspace;
    extrema->count = 0;
    extrema->seen = 0;
    extrema->smallest_radius_byte = area == STILLMINE_LARGE_REGION_AREA ? OCTAVE_STEPS : SMALLEST_RADIUS_BYTE;
    *count = 0;
    if (plan.octaves > 0) {
        build_octaves(base, &plan, workspace, octaves);
    }
    for (uint32_t number = 0; number < plan.octaves; number++) {
        int16_t *spare = (int16_t *)(void *)((uint8_t *)workspace + plan.spare);
        stillmine_find_extrema(octaves + number, number, plan.width, plan.height, spare, extrema);
    }
    stillmine_sort_extrema(extrema);
    capacity = capacity < STILLMINE_MAX_REGIONS ? capacity : STILLMINE_MAX_REGIONS;
    *count = choose(extrema, octaves, &plan, area, regions, capacity);
    for (uint32_t i = 0; i < *count; i++) {
        const struct stillmine_placed frame =
            stillmine_place_region(base->width, base->height, stretch, regions[i].geometry);
        stillmine_hash_patch(base, &frame, regions[i].hash, regions[i].mirrored);
    }
    stillmine_wipe_bytes(workspace, plan.bytes);
    return STILLMINE_OK;
}
