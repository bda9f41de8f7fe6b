/* SPDX-License-Identifier: Apache-2.0 */
/* Where a region lies in the base: five bytes of geometry to a frame, and frames as they are sent. */
#include "regions_parts.h"

static int64_t divide(int64_t value, int64_t by) {
    return (value >= 0 ? value + by / 2 : value - by / 2) / by;
}

static int64_t turned(uint32_t radius, int32_t part, uint64_t pixels) {
    return ((int64_t)(radius >> 8) * part * (int64_t)pixels) / ((int64_t)1 << 23);
}

/* A pixel of the stretched view at an area of 256 x 256 is `across` base pixels wide and `down` high, in 1/65536. */
struct stillmine_placed stillmine_place_region(uint32_t base_width, uint32_t base_height, uint32_t stretch,
                                               const uint8_t geometry[STILLMINE_GEOMETRY_BYTES]) {
    const uint64_t area = (uint64_t)base_width * base_height;
    const uint64_t across = stillmine_square_root((area * 100 << 32) / stretch) / 256;
    const uint64_t down = stillmine_square_root((area * stretch << 32) / 100) / 256;
    const uint32_t x = (uint32_t)geometry[0] << 4 | geometry[1] >> 4;
    const uint32_t y = (uint32_t)(geometry[1] & 15) << 8 | geometry[2];
    const uint32_t radius = stillmine_radius_of(geometry[3]);
    const int32_t cosine = stillmine_cosine_of(geometry[4]);
    const int32_t sine = stillmine_sine_of(geometry[4]);
    return (struct stillmine_placed){
        {(int64_t)x * base_width * 16, (int64_t)y * base_height * 16},
        {turned(radius, cosine, across), turned(radius, sine, down)},
        {turned(radius, -sine, across), turned(radius, cosine, down)},
    };
}

static int16_t narrow(int64_t place, uint32_t length) {
    const int64_t units = divide(place * STILLMINE_FRAME_UNITS, (int64_t)length * 65536);
    return (int16_t)(units > INT16_MAX ? INT16_MAX : units < -INT16_MAX ? -INT16_MAX : units);
}

int stillmine_frame_region(uint32_t base_width, uint32_t base_height, uint32_t stretch,
                           const uint8_t geometry[STILLMINE_GEOMETRY_BYTES], int16_t frame[STILLMINE_FRAME_NUMBERS]) {
    if (geometry == NULL || frame == NULL || base_width == 0 || base_height == 0) {
        return STILLMINE_MISSING_BUFFER;
    }
    if (base_width > STILLMINE_MAX_DIMENSION || base_height > STILLMINE_MAX_DIMENSION ||
        (uint64_t)base_width * base_height > STILLMINE_BASE_AREA || stretch < STILLMINE_MIN_STRETCH ||
        stretch > STILLMINE_MAX_STRETCH) {
        return STILLMINE_TOO_LARGE;
    }
    const struct stillmine_placed placed = stillmine_place_region(base_width, base_height, stretch, geometry);
    const int64_t *numbers[3] = {placed.centre, placed.along, placed.across};
    for (int i = 0; i < 3; i++) {
        frame[2 * i] = narrow(numbers[i][0], base_width);
        frame[2 * i + 1] = narrow(numbers[i][1], base_height);
    }
    return STILLMINE_OK;
}

static int64_t widen(int16_t units, uint32_t length) {
    return (int64_t)units * length * (65536 / STILLMINE_FRAME_UNITS);
}

int stillmine_hash_frames(const struct stillmine_base *base, const int16_t frames[][STILLMINE_FRAME_NUMBERS],
                          size_t count, uint8_t hashes[][STILLMINE_HASH_BYTES]) {
    if (base == NULL || base->levels == NULL || (count > 0 && (frames == NULL || hashes == NULL))) {
        return STILLMINE_MISSING_BUFFER;
    }
    if (base->width == 0 || base->height == 0) {
        return STILLMINE_TOO_SMALL;
    }
    for (size_t i = 0; i < count; i++) {
        const int16_t *units = frames[i];
        const struct stillmine_placed frame = {
            {widen(units[0], base->width), widen(units[1], base->height)},
            {widen(units[2], base->width), widen(units[3], base->height)},
            {widen(units[4], base->width), widen(units[5], base->height)},
        };
        stillmine_hash_patch(base, &frame, hashes[i], NULL);
    }
    return STILLMINE_OK;
}
