/* SPDX-License-Identifier: Apache-2.0 */
/* A freestanding compiler may still ask for memset; the oldest WebAssembly has no instruction for it. */
#include <stddef.h>

void *memset(void *buffer, int value, size_t bytes) {
    /* Volatile, or the compiler would turn this loop into a call of itself. */
    volatile unsigned char *target = buffer;
    for (size_t i = 0; i < bytes; i++) {
        target[i] = (unsigned char)value;
    }
    return buffer;
}
