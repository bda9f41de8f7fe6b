/* SPDX-License-Identifier: Apache-2.0 */
/* Pages straight from the system, so that what is given back is really gone. */
#define _GNU_SOURCE
#include "index_memory.h"

#include <stdint.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

void *stillmine_map_memory(size_t bytes, bool wants_huge_pages) {
    const size_t length = round_up(bytes, PAGE);
    const size_t slack = bytes >= STILLMINE_HUGE_PAGE ? STILLMINE_HUGE_PAGE : 0;
    if (bytes == 0 || bytes > SIZE_MAX / 2) {
        return NULL;
    }
    uint8_t *raw = mmap(NULL, length + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) {
        return NULL;
    }
    const size_t before = slack == 0 ? 0 : (slack - (uintptr_t)raw % slack) % slack;
    uint8_t *memory = raw + before;
    if (before > 0) {
        munmap(raw, before);
    }
    if (slack > before) {
        munmap(memory + length, slack - before);
    }
#ifdef MADV_HUGEPAGE
    if (wants_huge_pages && slack > 0) {
        (void)madvise(memory, length, MADV_HUGEPAGE);
    }
#endif
    return memory;
}

void stillmine_unmap_memory(void *memory, size_t bytes) {
    if (memory != NULL) {
        munmap(memory, round_up(bytes, PAGE));
    }
}
