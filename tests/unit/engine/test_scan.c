/* Page sets, and what the scanners see. */
#include "support.h"

#include <sys/mman.h>
#include <unistd.h>

#include "engine/scan.h"

static struct page_set set_of(const struct page_range *ranges, uint32_t count) {
    struct page_set set = {0};
    for (uint32_t i = 0; i < count; i++)
        assert_true(page_set_append(&set, ranges[i].first, ranges[i].count));
    return set;
}

static void expect_set(const struct page_set *set, const struct page_range *ranges,
                       uint32_t count) {
    uint64_t pages = 0;
    assert_int_equal(count, set->count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(ranges[i].first, set->ranges[i].first);
        assert_int_equal(ranges[i].count, set->ranges[i].count);
        pages += ranges[i].count;
    }
    assert_int_equal(pages, set->pages);
}

#define RANGES(...)                                                                                \
    (const struct page_range[]){__VA_ARGS__},                                                      \
        sizeof((struct page_range[]){__VA_ARGS__}) / sizeof(struct page_range)

static void appending_joins_neighbours(void **state) {
    (void)state;
    struct page_set set = set_of(RANGES({1, 2}, {3, 1}, {5, 1}));
    expect_set(&set, RANGES({1, 3}, {5, 1}));
    page_set_free(&set);
}

static void union_has_all_of_both(void **state) {
    (void)state;
    struct page_set a = set_of(RANGES({0, 2}, {10, 5}, {30, 1}));
    struct page_set b = set_of(RANGES({1, 3}, {9, 1}, {12, 1}, {15, 2}, {40, 2}));
    struct page_set out = {0}, none = {0};
    assert_true(page_set_union(&a, &b, &out));
    expect_set(&out, RANGES({0, 4}, {9, 8}, {30, 1}, {40, 2}));
    assert_true(page_set_union(&b, &a, &out));
    expect_set(&out, RANGES({0, 4}, {9, 8}, {30, 1}, {40, 2}));
    assert_true(page_set_union(&none, &a, &out));
    expect_set(&out, RANGES({0, 2}, {10, 5}, {30, 1}));
    assert_true(page_set_union(&a, &none, &out));
    expect_set(&out, RANGES({0, 2}, {10, 5}, {30, 1}));
    page_set_free(&a);
    page_set_free(&b);
    page_set_free(&out);
}

static void cut_and_count(void **state) {
    (void)state;
    struct page_set set = set_of(RANGES({0, 2}, {10, 5}, {30, 1}));
    assert_int_equal(8, page_set_count_from(&set, 0));
    assert_int_equal(3, page_set_count_from(&set, 13));
    assert_int_equal(1, page_set_count_from(&set, 15));
    assert_int_equal(0, page_set_count_from(&set, 31));
    page_set_cut(&set, 12);
    expect_set(&set, RANGES({0, 2}, {10, 2}));
    page_set_cut(&set, 10);
    expect_set(&set, RANGES({0, 2}));
    page_set_cut(&set, 0);
    assert_int_equal(0, set.count);
    assert_int_equal(0, set.pages);
    page_set_free(&set);
}

/* Random sets against bits. */
static void union_agrees_with_bits(void **state) {
    (void)state;
    enum { PAGES = 200 };
    unsigned seed = 1;
    for (int round = 0; round < 2000; round++) {
        uint8_t bits[PAGES] = {0};
        struct page_set sets[2] = {{0}, {0}}, out = {0};
        for (int which = 0; which < 2; which++)
            for (uint32_t at = 0; at < PAGES;) {
                uint32_t gap = (uint32_t)rand_r(&seed) % 9, count = (uint32_t)rand_r(&seed) % 7 + 1;
                if (at + gap + count > PAGES) break;
                assert_true(page_set_append(&sets[which], at + gap, count));
                memset(bits + at + gap, 1, count);
                at += gap + count;
            }
        assert_true(page_set_union(&sets[0], &sets[1], &out));
        uint64_t pages = 0;
        for (uint32_t i = 0; i < out.count; i++)
            for (uint32_t j = 0; j < out.ranges[i].count; j++, pages++)
                assert_int_equal(1, bits[out.ranges[i].first + j]);
        for (int i = 0; i < PAGES; i++) pages -= bits[i];
        assert_int_equal(0, pages);
        assert_int_equal(0, out.pages - page_set_count_from(&out, 0));
        page_set_free(&sets[0]);
        page_set_free(&sets[1]);
        page_set_free(&out);
    }
}

static void both_scanners_see_the_same(void **state) {
    (void)state;
    enum { PAGES = 3000 };
    struct scanner fast, slow;
    scanner_open(&fast, SCAN_IOCTL);
    scanner_open(&slow, SCAN_PAGEMAP);
    assert_true(fast.counters);
    assert_int_equal(SCAN_PAGEMAP, slow.mode);
    if (fast.mode != SCAN_IOCTL) print_message("this kernel has no PAGEMAP_SCAN\n");
    int fd = memfd_create("file", MFD_CLOEXEC);
    size_t page = fast.page;
    assert_int_equal(0, ftruncate(fd, (off_t)(PAGES * page)));
    uint8_t *map = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(MAP_FAILED, map);
    madvise(map, PAGES * page, MADV_NOHUGEPAGE);
    uint32_t written = 0;
    for (size_t i = 0; i < PAGES; i++) {
        if (i % 7 == 3 || i % 11 == 4)
            map[i * page] = 1, written++;
        else if (i % 3 == 0)
            assert_int_equal(0, ((volatile uint8_t *)map)[i * page]);
    }
    struct page_set a = {0}, b = {0};
    assert_true(scan_private(&fast, map, PAGES * page, &a));
    assert_true(scan_private(&slow, map, PAGES * page, &b));
    assert_int_equal(written, a.pages);
    expect_set(&b, a.ranges, a.count);
    page_set_free(&a);
    page_set_free(&b);
    munmap(map, PAGES * page);
    close(fd);
    scanner_close(&fast);
    scanner_close(&slow);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_joins_neighbours),
        cmocka_unit_test(union_has_all_of_both),
        cmocka_unit_test(cut_and_count),
        cmocka_unit_test(union_agrees_with_bits),
        cmocka_unit_test(both_scanners_see_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
