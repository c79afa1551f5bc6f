#include "engine/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/must.h"

/* linux/fs.h of 6.7; spelled out because the headers of Debian 12 are older. */
struct scan_region {
    uint64_t start, end, categories;
};
struct scan_request {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_REQUEST _IOWR('f', 16, struct scan_request)
enum { SCAN_FILE = 1 << 2, SCAN_PRESENT = 1 << 3, SCAN_SWAPPED = 1 << 4, SCAN_ZERO_PAGE = 1 << 5 };

#define ENTRY_FILE    (1ull << 61)
#define ENTRY_SWAPPED (1ull << 62)
#define ENTRY_PRESENT (1ull << 63)

enum { SCAN_BATCH = 256 };

uint64_t scan_faults(void) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

static bool scan_by_ioctl(const struct scanner *scanner, const uint8_t *base, size_t size,
                          struct page_set *out) {
    struct scan_region regions[SCAN_BATCH];
    uint64_t origin = (uintptr_t)base;
    struct scan_request request = {
        .size = sizeof request,
        .start = origin,
        .end = origin + size,
        .vec = (uintptr_t)regions,
        .vec_len = SCAN_BATCH,
        .category_inverted = SCAN_FILE | SCAN_ZERO_PAGE,
        .category_mask = SCAN_FILE | SCAN_ZERO_PAGE,
        .category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
        .return_mask =
            SCAN_PRESENT, /* one category only, or regions that differ in it are not joined */
    };
    while (request.start < request.end) {
        int count = ioctl(scanner->fd, SCAN_REQUEST, &request);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        for (int i = 0; i < count; i++) {
            uint64_t first = (regions[i].start - origin) / scanner->page;
            uint64_t pages = (regions[i].end - regions[i].start) / scanner->page;
            if (!page_set_append(out, (uint32_t)first, (uint32_t)pages)) return false;
        }
        if (request.walk_end <= request.start) return false;
        request.start = request.walk_end;
    }
    return true;
}

/* Cannot tell the zero page from others: what a guest has only read in grown memory counts as
 * private, which costs but is right. */
static bool scan_by_pagemap(const struct scanner *scanner, const uint8_t *base, size_t size,
                            struct page_set *out) {
    uint64_t entries[SCAN_BATCH];
    uint64_t origin = (uintptr_t)base / scanner->page, pages = size / scanner->page;
    for (uint64_t at = 0; at < pages;) {
        size_t wanted = pages - at < SCAN_BATCH ? pages - at : SCAN_BATCH;
        ssize_t got = pread(scanner->fd, entries, wanted * sizeof *entries,
                            (off_t)((origin + at) * sizeof *entries));
        if (got < 0 && errno == EINTR) continue;
        if (got < (ssize_t)sizeof *entries) return false;
        size_t count = (size_t)got / sizeof *entries;
        for (size_t i = 0; i < count; i++) {
            bool mine =
                (entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED)) && !(entries[i] & ENTRY_FILE);
            if (mine && !page_set_append(out, (uint32_t)(at + i), 1)) return false;
        }
        at += count;
    }
    return true;
}

bool scan_private(const struct scanner *scanner, const uint8_t *base, size_t size,
                  struct page_set *out) {
    page_set_clear(out);
    must(size % scanner->page == 0 && size / scanner->page <= UINT32_MAX);
    if (size == 0) return true;
    if (scanner->mode == SCAN_IOCTL) return scan_by_ioctl(scanner, base, size, out);
    if (scanner->mode == SCAN_PAGEMAP) return scan_by_pagemap(scanner, base, size, out);
    return false;
}

/* ---- the self-test: six pages, two of a file and four without, each made private in its own way
 * ---- */

enum { TEST_FILE = 3, TEST_PAGES = 6 };

static uint8_t *test_map(size_t page) {
    int fd = memfd_create("pk-scan-test", MFD_CLOEXEC);
    if (fd < 0) return NULL;
    uint8_t *map = MAP_FAILED;
    if (ftruncate(fd, (off_t)(TEST_FILE * page)) == 0)
        map = mmap(NULL, TEST_PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                   0);
    if (map != MAP_FAILED && mmap(map, TEST_FILE * page, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
        munmap(map, TEST_PAGES * page);
        map = MAP_FAILED;
    }
    close(fd);
    if (map == MAP_FAILED) return NULL;
    madvise(map, TEST_PAGES * page, MADV_NOHUGEPAGE);
    return map;
}

/* Page 0: read, then stored to. 1: stored to. 2: only read. 3: stored to. 4: read(2) into it. 5:
 * never touched. */
static bool test_counters(volatile uint8_t *map, size_t page) {
    uint8_t sum = (uint8_t)(map[0] + map[2 * page]);
    uint64_t seen = scan_faults();
    static const uint8_t stores[] = {0, 1, 3};
    for (size_t i = 0; i < sizeof stores; i++) {
        map[stores[i] * page] = (uint8_t)(sum + 1);
        uint64_t now = scan_faults();
        if (now <= seen) return false;
        seen = now;
    }
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t got = read(fd, (void *)(uintptr_t)(map + 4 * page), 8);
    close(fd);
    return got == 8 && scan_faults() > seen;
}

static bool test_scan(const struct scanner *scanner, const uint8_t *map) {
    struct page_set set = {0};
    bool told = scan_private(scanner, map, TEST_PAGES * scanner->page, &set);
    bool right = told && set.count == 2 && set.ranges[0].first == 0 && set.ranges[0].count == 2 &&
                 set.ranges[1].first == 3 && set.ranges[1].count == 2;
    page_set_free(&set);
    return right;
}

void scanner_open(struct scanner *scanner, enum scan_mode best) {
    *scanner = (struct scanner){.fd = -1, .mode = SCAN_NONE, .page = (size_t)sysconf(_SC_PAGESIZE)};
    uint8_t *map = test_map(scanner->page);
    if (!map) return;
    scanner->counters = test_counters(map, scanner->page);
    scanner->fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    scanner->mode = scanner->fd < 0 ? SCAN_NONE : best;
    while (scanner->mode != SCAN_NONE && !test_scan(scanner, map)) scanner->mode--;
    munmap(map, TEST_PAGES * scanner->page);
}

void scanner_close(struct scanner *scanner) {
    if (scanner->fd >= 0) close(scanner->fd);
    scanner->fd = -1;
}
