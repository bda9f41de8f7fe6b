/* SPDX-License-Identifier: Apache-2.0 */
/* Sketches of a line are compared together, and slots of a line read together. A loop never leaves early: what it reads
 * decides nothing about its time. */
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

static inline __attribute__((always_inline)) size_t gather_with(stillmine_filter *filter,
                                                                const struct stillmine_block *block,
                                                                uint32_t slot_count,
                                                                struct stillmine_candidate *candidates) {
    uint16_t masks[STILLMINE_BLOCK_LINES];
    size_t found = 0;
    filter(block->lines, block->sketches, block->limits, block->count, stillmine_compared_bits(block->form), masks);
    for (uint32_t i = 0; i < block->count; i++) {
        const union stillmine_line *line = block->lines[i];
        uint32_t mask = masks[i] & stillmine_entry_mask(stillmine_get_header(line));
        for (; mask != 0; mask &= mask - 1) {
            const uint32_t place = (uint32_t)__builtin_ctz(mask);
            const uint32_t own = (uint32_t)(line->halves[place] ^ block->sketches[i]) & block->own_mask;
            const uint32_t slot = stillmine_get_slot(line, place, block->form);
            candidates[found] = (struct stillmine_candidate){slot, block->queries[i]};
            found += (uint32_t)__builtin_popcount(own) <= block->own_limits[i] && slot < slot_count;
        }
    }
    return found;
}

static size_t gather_portable(const struct stillmine_block *block, uint32_t slot_count,
                              struct stillmine_candidate *candidates) {
    return gather_with(filter_portable, block, slot_count, candidates);
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

__attribute__((target("avx2,popcnt"))) static size_t
gather_avx2(const struct stillmine_block *block, uint32_t slot_count, struct stillmine_candidate *candidates) {
    return gather_with(filter_avx2, block, slot_count, candidates);
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

/* Slots of the narrow and of the packed form. */
AVX512 static inline __m512i read_slots(const union stillmine_line *line, __m256i sketches, bool is_packed) {
    const __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(line->halves + 12)));
    const __m512i high = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(line->bytes + 48)));
    const __m512i highest = _mm512_srli_epi32(_mm512_cvtepu16_epi32(sketches), STILLMINE_PACKED_SKETCH_BITS);
    const __m512i slots = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
    return is_packed ? _mm512_or_si512(slots, _mm512_slli_epi32(highest, 24)) : slots;
}

/* Without a branch for any entry: which of them are near can't be foretold. */
AVX512 static size_t gather_avx512(const struct stillmine_block *block, uint32_t slot_count,
                                   struct stillmine_candidate *candidates) {
    const bool is_packed = block->form == STILLMINE_PACKED;
    const __m256i compared = _mm256_set1_epi16((short)stillmine_compared_bits(block->form));
    const __m256i own_mask = _mm256_set1_epi16((short)block->own_mask);
    const __m512i end = _mm512_set1_epi32((int)slot_count);
    size_t found = 0;
    if (block->form == STILLMINE_WIDE) {
        return gather_with(filter_avx512, block, slot_count, candidates);
    }
    for (uint32_t i = 0; i < block->count; i++) {
        const union stillmine_line *line = block->lines[i];
        const __m256i sketches = _mm256_load_si256((const __m256i *)line->halves);
        const __m256i query = _mm256_set1_epi16((short)block->sketches[i]);
        const __m256i bits = _mm256_and_si256(_mm256_xor_si256(sketches, query), compared);
        const __m256i own = _mm256_popcnt_epi16(_mm256_and_si256(bits, own_mask));
        const __m512i slots = read_slots(line, sketches, is_packed);
        uint32_t mask = stillmine_entry_mask(stillmine_get_header(line));
        mask &= _mm256_cmple_epu16_mask(_mm256_popcnt_epi16(bits), _mm256_set1_epi16(block->limits[i]));
        mask &= _mm256_cmple_epu16_mask(own, _mm256_set1_epi16(block->own_limits[i]));
        mask &= _mm512_cmplt_epu32_mask(slots, end);
        const __m512i asked = _mm512_set1_epi64((long long)block->queries[i] << 32);
        const __m512i first = _mm512_or_si512(asked, _mm512_cvtepu32_epi64(_mm512_castsi512_si256(slots)));
        const __m512i rest = _mm512_or_si512(asked, _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(slots, 1)));
        _mm512_storeu_si512(candidates + found, _mm512_maskz_compress_epi64((__mmask8)mask, first));
        found += (uint32_t)__builtin_popcount(mask & 255);
        _mm512_storeu_si512(candidates + found, _mm512_maskz_compress_epi64((__mmask8)(mask >> 8), rest));
        found += (uint32_t)__builtin_popcount(mask >> 8);
    }
    return found;
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
        return (struct stillmine_loops){filter_avx512, gather_avx512, scan_avx512, measure_popcnt, compare_popcnt};
    }
    if (level == STILLMINE_AVX2) {
        return (struct stillmine_loops){filter_avx2, gather_avx2, scan_popcnt, measure_popcnt, compare_popcnt};
    }
#else
    (void)level;
#endif
    return (struct stillmine_loops){filter_portable, gather_portable, scan_portable, measure_portable,
                                    compare_portable};
}
