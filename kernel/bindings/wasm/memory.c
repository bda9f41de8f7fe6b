/* SPDX-License-Identifier: Apache-2.0 */
/* A freestanding compiler may still ask for these; the oldest WebAssembly has no instructions for them. */
#include <stddef.h>

/* Volatile, or the compiler would turn each loop into a call of itself. */
void *memset(void *buffer, int value, size_t bytes) {
    volatile unsigned char *target = buffer;
    for (size_t i = 0; i < bytes; i++) {
        target[i] = (unsigned char)value;
    }
    return buffer;
}

void *memcpy(void *restrict buffer, const void *restrict source, size_t bytes) {
    volatile unsigned char *target = buffer;
    for (size_t i = 0; i < bytes; i++) {
        target[i] = ((const unsigned char *)source)[i];
    }
    return buffer;
}
