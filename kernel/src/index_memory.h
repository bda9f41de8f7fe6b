/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroed memory in large pieces: with pages of 4 KiB, a random access costs more in the page table than in memory. */
#ifndef STILLMINE_INDEX_MEMORY_H
#define STILLMINE_INDEX_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#define STILLMINE_HUGE_PAGE ((size_t)2 << 20)

/* Aligned to a huge page if it is at least that long, otherwise to 4 KiB; NULL when there is none. */
void *stillmine_map_memory(size_t bytes, bool wants_huge_pages);
void stillmine_unmap_memory(void *memory, size_t bytes);

#endif
