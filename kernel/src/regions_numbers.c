/* SPDX-License-Identifier: Apache-2.0 */
/* Roots and turns from tables and integers. */
#include "regions_parts.h"

uint64_t stillmine_square_root(uint64_t value) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
        if (value >= root + bit) {
            value -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return root;
}

int32_t stillmine_cosine_of(uint32_t angle) {
    angle &= 255;
    const uint32_t folded = angle <= 128 ? angle : 256 - angle; /* 0 to half a turn */
    return folded <= 64 ? stillmine_quarter_turn[folded] : -stillmine_quarter_turn[128 - folded];
}

int32_t stillmine_sine_of(uint32_t angle) {
    return stillmine_cosine_of(angle + 192);
}

uint32_t stillmine_radius_of(uint32_t byte) {
    return stillmine_radii[byte % 48] << (byte / 48);
}

/* Volatile: what is left of a private picture must not stay behind because a compiler thinks nobody reads it. */
void stillmine_wipe_bytes(void *buffer, size_t bytes) {
    volatile uint64_t *words = (volatile uint64_t *)buffer;
    size_t done = 0;
    for (; done + sizeof *words <= bytes; done += sizeof *words) {
        *words++ = 0;
    }
    for (volatile uint8_t *rest = (volatile uint8_t *)buffer + done; done < bytes; done++) {
        *rest++ = 0;
    }
}
