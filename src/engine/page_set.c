#include "engine/scan.h"

#include <stdlib.h>

#include "base/must.h"

void page_set_free(struct page_set *set) {
    free(set->ranges);
    *set = (struct page_set){0};
}

void page_set_clear(struct page_set *set) {
    set->count = 0;
    set->pages = 0;
}

static bool page_set_reserve(struct page_set *set) {
    if (set->count < set->room) return true;
    uint32_t room = set->room ? set->room * 2 : 64;
    struct page_range *ranges = realloc(set->ranges, room * sizeof *ranges);
    if (!ranges) return false;
    set->ranges = ranges;
    set->room = room;
    return true;
}

bool page_set_append(struct page_set *set, uint32_t first, uint32_t count) {
    struct page_range *last = set->count ? &set->ranges[set->count - 1] : NULL;
    must(!last || last->first + last->count <= first);
    if (last && last->first + last->count == first) {
        last->count += count;
    } else {
        if (!page_set_reserve(set)) return false;
        set->ranges[set->count++] = (struct page_range){first, count};
    }
    set->pages += count;
    return true;
}

/* Append the part of a range that the set does not have yet; ranges arrive in the order of their
 * starts. */
static bool page_set_extend(struct page_set *set, struct page_range range) {
    uint32_t end = range.first + range.count;
    if (set->count) {
        const struct page_range *last = &set->ranges[set->count - 1];
        uint32_t have = last->first + last->count;
        if (end <= have) return true;
        if (range.first < have) range.first = have;
    }
    return page_set_append(set, range.first, end - range.first);
}

bool page_set_union(const struct page_set *a, const struct page_set *b, struct page_set *out) {
    page_set_clear(out);
    uint32_t i = 0, j = 0;
    while (i < a->count || j < b->count) {
        bool from_a = j == b->count || (i < a->count && a->ranges[i].first <= b->ranges[j].first);
        if (!page_set_extend(out, from_a ? a->ranges[i++] : b->ranges[j++])) return false;
    }
    return true;
}

void page_set_cut(struct page_set *set, uint32_t end) {
    while (set->count && set->ranges[set->count - 1].first >= end)
        set->pages -= set->ranges[--set->count].count;
    if (!set->count) return;
    struct page_range *last = &set->ranges[set->count - 1];
    if (last->first + last->count <= end) return;
    set->pages -= last->first + last->count - end;
    last->count = end - last->first;
}

uint64_t page_set_count_from(const struct page_set *set, uint32_t start) {
    uint64_t pages = 0;
    for (uint32_t i = set->count; i > 0; i--) {
        const struct page_range *range = &set->ranges[i - 1];
        uint32_t end = range->first + range->count;
        if (end <= start) break;
        pages += range->first < start ? end - start : range->count;
    }
    return pages;
}
