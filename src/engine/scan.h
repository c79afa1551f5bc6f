/* Which pages of a range are private to this process, and whether this thread has taken page faults
 * since it last asked. Pages are the system's (4 KiB on x86-64), numbered from the start of the
 * range. Sources: Documentation/admin-guide/mm/pagemap.rst of Linux (PAGEMAP_SCAN since 6.7; bits
 * 61 to 63 of /proc/self/pagemap before). */
#ifndef PK_ENGINE_SCAN_H
#define PK_ENGINE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_range {
    uint32_t first, count;
};

/* Ranges in rising order that neither touch nor overlap. All zero is the empty set. Free it with
 * page_set_free. */
struct page_set {
    struct page_range *ranges;
    uint32_t count, room;
    uint64_t pages;
};
void page_set_free(struct page_set *set);
void page_set_clear(struct page_set *set);
/* Append pages that are not before the end of the set; false: no memory, the set is as it was. */
bool page_set_append(struct page_set *set, uint32_t first, uint32_t count);
/* out = a + b; `out` is neither of them. false: no memory. */
bool page_set_union(const struct page_set *a, const struct page_set *b, struct page_set *out);
/* Forget every page from `end` on. */
void page_set_cut(struct page_set *set, uint32_t end);
/* How many of the set's pages are not before `start`. */
uint64_t page_set_count_from(const struct page_set *set, uint32_t start);

enum scan_mode {
    SCAN_NONE,    /* the system does not tell: slots are put back by MADV_DONTNEED only */
    SCAN_PAGEMAP, /* read /proc/self/pagemap */
    SCAN_IOCTL,   /* PAGEMAP_SCAN */
};

struct scanner {
    int fd; /* /proc/self/pagemap, -1 in SCAN_NONE */
    enum scan_mode mode;
    bool counters; /* stores that make a page private move the thread's fault counters */
    size_t page;   /* bytes of a system page */
};
/* Tries the modes from `best` down and takes the first that tells the truth about a mapping made
 * for the test. */
void scanner_open(struct scanner *scanner, enum scan_mode best);
void scanner_close(struct scanner *scanner);

/* The private pages (present or swapped, not the mapped file's, not the zero page) of [base, base +
 * size), whole pages. false: the system refused or has no memory; `out` is then undefined. Any
 * thread. */
bool scan_private(const struct scanner *scanner, const uint8_t *base, size_t size,
                  struct page_set *out);
/* Page faults of the calling thread so far, minor and major. Costs a system call (0.35
 * microseconds). */
uint64_t scan_faults(void);

#endif
