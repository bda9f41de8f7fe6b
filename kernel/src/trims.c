/* SPDX-License-Identifier: Apache-2.0 */
/* Bars at the four sides of a picture, one within another. A line is a row from above or below, or a column from left
 * or right; a ground is kept doubled, because the median of an even number of pixels may lie between two values. */
#include "stillmine/trims.h"

#include "stillmine/pdq.h"

#define TOLERANCE 6        /* luma steps: a drawn ground stays this even when compressed, a photographed one hardly */
#define WRITTEN_PERCENT 40 /* of a line's pixels that are ground, where words or symbols stand on it */
#define PLAIN_PERCENT 95   /* of a line's pixels that are ground, where nothing stands on it */
#define MIN_BAR_PERMILLE 15 /* of a side: a thinner bar does less to the hash than trimming it could spoil */
#define MIN_BAR_LINES 3
#define MIN_PART_PERCENT 20 /* of a side, that must be left */
#define MIN_STEP 7          /* mean luma difference between the last line of a bar and the first of the picture */
#define RINGING 10          /* lines: compression blurs the end of a bar by up to a block */
#define INSIDE 50           /* a part of the lines after a bar must not look like it: else it was the top of a word */
#define MIN_INSIDE_LINES 3
#define INSIDE_PERCENT 50
#define SAMPLES 256 /* pixels looked at per line, at least, where there are so many */
#define BLACK (-2)  /* a doubled ground, of which every pixel up to TOLERANCE - 1 is */
#define ROUNDS 4    /* a bar within a bar: a letterboxed film on a phone's screen with a caption above */

/* Functions that are called from several places: compiled once each, the WASM stays small. */
#define APART __attribute__((noinline))

/* Lines from one edge inwards, of which some places are looked at. */
struct view {
    const uint8_t *first;
    ptrdiff_t line_stride;
    ptrdiff_t place_stride;
    uint32_t lines;
    uint32_t places;
};

struct bar {
    uint32_t lines;
    uint32_t kind;
};

struct luma {
    const uint8_t *first;
    size_t row_stride;
    uint32_t width;
    uint32_t height;
};

static uint32_t larger(uint32_t one, uint32_t other) {
    return one > other ? one : other;
}

static const uint8_t *line_of(const struct view *view, uint32_t line) {
    return view->first + (ptrdiff_t)line * view->line_stride;
}

static int is_share(uint32_t part, uint32_t whole, uint32_t percent) {
    return (uint64_t)100 * part >= (uint64_t)percent * whole;
}

/* How many of a line's places are of this ground. */
APART static uint32_t count_ground(const struct view *view, uint32_t line, int32_t doubled_ground) {
    const uint8_t *place = line_of(view, line);
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->places; i++, place += view->place_stride) {
        const int32_t difference = 2 * *place - doubled_ground;
        count += difference <= 2 * TOLERANCE && difference >= -2 * TOLERANCE;
    }
    return count;
}

APART static int32_t find_doubled_median(const struct view *view, uint32_t line) {
    uint16_t counts[256] = {0};
    const uint8_t *place = line_of(view, line);
    for (uint32_t i = 0; i < view->places; i++, place += view->place_stride) {
        counts[*place]++;
    }
    uint32_t seen = 0;
    int32_t lower = -1;
    for (int32_t value = 0; value < 256; value++) {
        seen += counts[value];
        if (lower < 0 && seen > (view->places - 1) / 2) {
            lower = value;
        }
        if (seen > view->places / 2) {
            return lower + value;
        }
    }
    return 2 * 255;
}

static uint32_t measure_step(const struct view *view, uint32_t line) {
    const uint8_t *place = line_of(view, line);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < view->places; i++, place += view->place_stride) {
        const int32_t difference = *place - *(place - view->line_stride);
        sum += (uint32_t)(difference < 0 ? -difference : difference);
    }
    return sum;
}

/* The line near the possible end of a bar that differs most from the one before, and by how much in all places. */
static uint32_t find_step(const struct view *view, uint32_t near, uint32_t *height) {
    uint32_t best = near > 3 ? near - 2 : 1;
    *height = 0;
    for (uint32_t line = best; line <= near + RINGING && line < view->lines; line++) {
        const uint32_t step = measure_step(view, line);
        if (step > *height) {
            *height = step;
            best = line;
        }
    }
    return best;
}

/* Whether what comes after a bar is no longer like it. */
static int is_over(const struct view *view, uint32_t end, int32_t doubled_ground) {
    const uint32_t inside = larger(MIN_INSIDE_LINES, view->lines / INSIDE);
    const uint32_t rows = inside < view->lines - end ? inside : view->lines - end;
    uint32_t like = 0;
    for (uint32_t line = end; line < end + rows; line++) {
        like += count_ground(view, line, doubled_ground);
    }
    return !is_share(like, rows * view->places, INSIDE_PERCENT);
}

/* Takes the end that may be near this line if it is sharper than the best so far. */
static void consider(const struct view *view, uint32_t near, uint32_t smallest, uint32_t kind, struct bar *best,
                     uint32_t *best_height) {
    if (near < MIN_BAR_LINES || (uint64_t)1000 * near < (uint64_t)MIN_BAR_PERMILLE * view->lines ||
        view->lines - near < smallest) {
        return;
    }
    uint32_t height;
    const uint32_t end = find_step(view, near, &height);
    if (height >= *best_height && is_over(view, end, find_doubled_median(view, near - 1))) {
        *best = (struct bar){end, kind};
        *best_height = height;
    }
}

/* The bar at the first line, if there is one that leaves at least `smallest` lines: of the places where one may end,
 * the sharpest. It may end at every change of its ground, and where there is no ground any more. The first ground is
 * black, also where there are symbols on it, or any other that is plain. */
APART static struct bar find_bar(const struct view *view, uint32_t smallest, uint32_t least_percent) {
    struct bar best = {0, STILLMINE_PLAIN_BAR};
    uint32_t best_height = MIN_STEP * view->places;
    uint32_t first_written = view->lines;
    int32_t ground = BLACK;
    for (uint32_t line = 0; line < view->lines; line++) {
        uint32_t like = count_ground(view, line, ground);
        if (!is_share(like, view->places, least_percent)) {
            if (line > 0) {
                const uint32_t kind = first_written + RINGING >= line ? STILLMINE_PLAIN_BAR : STILLMINE_WRITTEN_BAR;
                consider(view, line, smallest, kind, &best, &best_height);
            }
            ground = find_doubled_median(view, line);
            like = count_ground(view, line, ground);
            if (!is_share(like, view->places, PLAIN_PERCENT)) {
                break;
            }
        }
        if (first_written == view->lines && !is_share(like, view->places, PLAIN_PERCENT)) {
            first_written = line;
        }
    }
    return best;
}

static uint32_t kind_after(struct bar bar, uint32_t known) {
    return bar.lines == 0 ? known : larger(bar.kind, known);
}

static uint32_t count_places(uint32_t length, uint32_t *step) {
    *step = larger(1, length / SAMPLES);
    return (length + *step - 1) / *step;
}

/* Takes the bars off two opposite sides; whether there were any. `forward` and `backward` are the same lines from
 * either edge. */
APART static int trim_sides(struct view forward, struct view backward, uint32_t whole, uint32_t least_percent,
                            uint32_t ends[2], uint32_t found[2]) {
    const uint32_t smallest = larger(STILLMINE_MIN_PART_PIXELS, MIN_PART_PERCENT * whole / 100);
    const struct bar before = find_bar(&forward, smallest, least_percent);
    const struct bar after = find_bar(&backward, smallest, least_percent);
    if (before.lines + after.lines == 0 || forward.lines < before.lines + after.lines + smallest) {
        return 0;
    }
    ends[0] = before.lines;
    ends[1] = after.lines;
    found[0] = kind_after(before, found[0]);
    found[1] = kind_after(after, found[1]);
    return 1;
}

static void trim_rows(const struct luma *luma, uint32_t least_percent, struct stillmine_part *part) {
    uint32_t step;
    uint32_t ends[2];
    const uint32_t places = count_places(part->right - part->left, &step);
    const ptrdiff_t stride = (ptrdiff_t)luma->row_stride;
    const uint8_t *first = luma->first + luma->row_stride * part->top + part->left;
    const uint8_t *last = luma->first + luma->row_stride * (part->bottom - 1) + part->left;
    const uint32_t lines = part->bottom - part->top;
    const struct view down = {first, stride, (ptrdiff_t)step, lines, places};
    const struct view up = {last, -stride, (ptrdiff_t)step, lines, places};
    if (trim_sides(down, up, luma->height, least_percent, ends, part->found + STILLMINE_ABOVE)) {
        part->top += ends[0];
        part->bottom -= ends[1];
    }
}

/* Whether anything was taken off: without that a second look at the rows would only eat into the picture. */
static int trim_columns(const struct luma *luma, struct stillmine_part *part) {
    uint32_t step;
    uint32_t ends[2];
    const uint32_t places = count_places(part->bottom - part->top, &step);
    const ptrdiff_t stride = (ptrdiff_t)(luma->row_stride * step);
    const uint8_t *row = luma->first + luma->row_stride * part->top;
    const uint32_t lines = part->right - part->left;
    const struct view across = {row + part->left, 1, stride, lines, places};
    const struct view back = {row + part->right - 1, -1, stride, lines, places};
    if (!trim_sides(across, back, luma->width, PLAIN_PERCENT, ends, part->found + STILLMINE_LEFT)) {
        return 0;
    }
    part->left += ends[0];
    part->right -= ends[1];
    return 1;
}

APART static struct stillmine_part trim(const struct luma *luma, uint32_t least_percent) {
    struct stillmine_part part = {0, 0, luma->width, luma->height, {0}};
    for (int round = 0; round < ROUNDS; round++) {
        trim_rows(luma, least_percent, &part);
        if (!trim_columns(luma, &part)) {
            break;
        }
    }
    return part;
}

static int is_something(const struct stillmine_part *part) {
    return part->found[0] + part->found[1] + part->found[2] + part->found[3] > 0;
}

static int is_same_place(const struct stillmine_part *one, const struct stillmine_part *other) {
    return one->left == other->left && one->top == other->top && one->right == other->right &&
           one->bottom == other->bottom;
}

/* Each place once, in the order of the last candidate for it, with what the first one found. */
static uint32_t write_parts(const struct stillmine_part *candidates, uint32_t count, struct stillmine_part *parts) {
    uint32_t written = 0;
    for (uint32_t i = 0; i < count; i++) {
        int is_last = is_something(&candidates[i]);
        for (uint32_t later = i + 1; later < count; later++) {
            is_last =
                is_last && !(is_something(&candidates[later]) && is_same_place(&candidates[i], &candidates[later]));
        }
        for (uint32_t first = 0; is_last && first <= i; first++) {
            if (is_something(&candidates[first]) && is_same_place(&candidates[first], &candidates[i])) {
                parts[written++] = candidates[first];
                is_last = 0;
            }
        }
    }
    return written;
}

uint32_t stillmine_find_parts(const uint8_t *luma, size_t row_stride, uint32_t width, uint32_t height,
                              struct stillmine_part parts[STILLMINE_MAX_PARTS]) {
    if (width < STILLMINE_MIN_DIMENSION || height < STILLMINE_MIN_DIMENSION) {
        return 0;
    }
    const struct luma whole = {luma, row_stride, width, height};
    const struct stillmine_part plain = trim(&whole, PLAIN_PERCENT);
    const struct stillmine_part inner = trim(&whole, WRITTEN_PERCENT);
    struct stillmine_part candidates[STILLMINE_MAX_PARTS] = {inner};
    uint32_t count = 1;
    if (inner.found[STILLMINE_ABOVE] == STILLMINE_WRITTEN_BAR &&
        inner.found[STILLMINE_BELOW] == STILLMINE_WRITTEN_BAR) {
        /* One of the two may be the picture's own even ground. */
        candidates[count] = inner;
        candidates[count].top = plain.top;
        candidates[count++].found[STILLMINE_ABOVE] = STILLMINE_NO_BAR;
        candidates[count] = inner;
        candidates[count].bottom = plain.bottom;
        candidates[count++].found[STILLMINE_BELOW] = STILLMINE_NO_BAR;
    }
    candidates[count++] = plain;
    return write_parts(candidates, count, parts);
}
