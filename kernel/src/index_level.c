/* SPDX-License-Identifier: Apache-2.0 */
/* Sketches of a line are compared together. A loop never leaves early: what it reads decides nothing about its time. */
#include "index_level.h"

#include "stillmine/index.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_X86 1
#include <immintrin.h>
#endif

static void filter_portable(const union stillmine_line *const *lines, const uint16_t *sketches, const uint8_t *limits,
                            size_t count, uint16_t compared, uint16_t *masks) {
    for (size_t line = 0; line < count; line++) {
        uint32_t mask = 0;
        for (uint32_t i = 0; i < 12; i++) {
            const uint32_t bits =
                (uint32_t)__builtin_popcount((uint32_t)((lines[line]->halves[i] ^ sketches[line]) & compared));
            mask |= (uint32_t)(bits <= limits[line]) << i;
        }
        masks[line] = (uint16_t)mask;
    }
}

static inline __attribute__((always_inline)) size_t scan_words(const uint64_t *values, size_t count,
                                                               const uint64_t query[4], uint32_t max_distance_bits,
                                                               uint32_t *near) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        near[found] = (uint32_t)i;
        found += stillmine_count_difference(values + 4 * i, query) <= max_distance_bits;
    }
    return found;
}

static size_t scan_portable(const uint64_t *values, size_t count, const uint64_t query[4], uint32_t max_distance_bits,
                            uint32_t *near) {
    return scan_words(values, count, query, max_distance_bits, near);
}

static inline __attribute__((always_inline)) void measure_words(const uint64_t *const *values, size_t count,
                                                                const uint64_t query[4], uint16_t *bits) {
    for (size_t i = 0; i < count; i++) {
        bits[i] = (uint16_t)stillmine_count_difference(values[i], query);
    }
}

static inline __attribute__((always_inline)) void
compare_words(const uint64_t *const *values, const uint64_t *const *queries, size_t count, uint16_t *bits) {
    for (size_t i = 0; i < count; i++) {
        bits[i] = (uint16_t)stillmine_count_difference(values[i], queries[i]);
    }
}

static void compare_portable(const uint64_t *const *values, const uint64_t *const *queries, size_t count,
                             uint16_t *bits) {
    compare_words(values, queries, count, bits);
}

static void measure_portable(const uint64_t *const *values, size_t count, const uint64_t query[4], uint16_t *bits) {
    measure_words(values, count, query, bits);
}

#ifdef HAS_X86
__attribute__((target("popcnt"))) static void measure_popcnt(const uint64_t *const *values, size_t count,
                                                             const uint64_t query[4], uint16_t *bits) {
    measure_words(values, count, query, bits);
}

__attribute__((target("popcnt"))) static void
compare_popcnt(const uint64_t *const *values, const uint64_t *const *queries, size_t count, uint16_t *bits) {
    compare_words(values, queries, count, bits);
}

__attribute__((target("avx2,popcnt"))) static void filter_avx2(const union stillmine_line *const *lines,
                                                               const uint16_t *sketches, const uint8_t *limits,
                                                               size_t count, uint16_t compared, uint16_t *masks) {
    const __m256i nibble_bits =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m256i low_nibbles = _mm256_set1_epi8(15);
    const __m256i wanted = _mm256_set1_epi16((short)compared);
    for (size_t line = 0; line < count; line++) {
        const __m256i query = _mm256_set1_epi16((short)sketches[line]);
        const __m256i line_bits = _mm256_load_si256((const __m256i *)lines[line]->halves);
        const __m256i difference = _mm256_and_si256(_mm256_xor_si256(line_bits, query), wanted);
        const __m256i low = _mm256_shuffle_epi8(nibble_bits, _mm256_and_si256(difference, low_nibbles));
        const __m256i high =
            _mm256_shuffle_epi8(nibble_bits, _mm256_and_si256(_mm256_srli_epi16(difference, 4), low_nibbles));
        const __m256i bits = _mm256_maddubs_epi16(_mm256_add_epi8(low, high), _mm256_set1_epi8(1));
        const __m256i is_far = _mm256_cmpgt_epi16(bits, _mm256_set1_epi16(limits[line]));
        const __m128i packed = _mm_packs_epi16(_mm256_castsi256_si128(is_far), _mm256_extracti128_si256(is_far, 1));
        masks[line] = (uint16_t)~_mm_movemask_epi8(packed);
    }
}

__attribute__((target("popcnt"))) static size_t
scan_popcnt(const uint64_t *values, size_t count, const uint64_t query[4], uint32_t max_distance_bits, uint32_t *near) {
    return scan_words(values, count, query, max_distance_bits, near);
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bitalg,avx512vpopcntdq,popcnt")))

AVX512 static void filter_avx512(const union stillmine_line *const *lines, const uint16_t *sketches,
                                 const uint8_t *limits, size_t count, uint16_t compared, uint16_t *masks) {
    const __m256i wanted = _mm256_set1_epi16((short)compared);
    for (size_t line = 0; line < count; line++) {
        const __m256i query = _mm256_set1_epi16((short)sketches[line]);
        const __m256i line_bits = _mm256_load_si256((const __m256i *)lines[line]->halves);
        const __m256i difference = _mm256_and_si256(_mm256_xor_si256(line_bits, query), wanted);
        const __m256i limit = _mm256_set1_epi16(limits[line]);
        masks[line] = _mm256_cmple_epu16_mask(_mm256_popcnt_epi16(difference), limit);
    }
}

/* Eight values are four registers of two; sums within each value come out in every fourth lane. */
AVX512 static size_t scan_avx512(const uint64_t *values, size_t count, const uint64_t query[4],
                                 uint32_t max_distance_bits, uint32_t *near) {
    const __m512i wanted = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)query));
    const __m512i limit = _mm512_set1_epi64(max_distance_bits);
    const size_t even = count / 2 * 2;
    size_t found = 0;
    for (size_t i = 0; i < even; i += 2) {
        const __m512i two = _mm512_loadu_si512(values + 4 * i);
        __m512i bits = _mm512_popcnt_epi64(_mm512_xor_si512(two, wanted));
        bits = _mm512_add_epi64(bits, _mm512_permutex_epi64(bits, 0x4E));
        bits = _mm512_add_epi64(bits, _mm512_permutex_epi64(bits, 0xB1));
        const uint32_t mask = _mm512_cmple_epu64_mask(bits, limit);
        near[found] = (uint32_t)i;
        found += mask & 1;
        near[found] = (uint32_t)i + 1;
        found += mask >> 4 & 1;
    }
    if (even < count) {
        near[found] = (uint32_t)even;
        found += stillmine_count_difference(values + 4 * even, query) <= max_distance_bits;
    }
    return found;
}
#endif

bool stillmine_has_level(int level) {
#ifdef HAS_X86
    if (level == STILLMINE_AVX512) {
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq");
    }
    if (level == STILLMINE_AVX2) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
    }
#endif
    return level == STILLMINE_PORTABLE;
}

int stillmine_best_level(void) {
    int level = STILLMINE_AVX512;
    while (!stillmine_has_level(level)) {
        level--;
    }
    return level;
}

struct stillmine_loops stillmine_choose_loops(int level) {
#ifdef HAS_X86
    if (level == STILLMINE_AVX512) {
        return (struct stillmine_loops){filter_avx512, scan_avx512, measure_popcnt, compare_popcnt};
    }
    if (level == STILLMINE_AVX2) {
        return (struct stillmine_loops){filter_avx2, scan_popcnt, measure_popcnt, compare_popcnt};
    }
#else
    (void)level;
#endif
    return (struct stillmine_loops){filter_portable, scan_portable, measure_portable, compare_portable};
}
