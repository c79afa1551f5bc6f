/* list: order of appending, and taking out from every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/list.h"

enum { COUNT = 5 };

struct element {
    int before;
    struct list_link link;
    int number;
};

/* The numbers from first to last as digits, after a look at the way back. */
static int numbers(const struct list *list) {
    int forward = 0, count = 0;
    for (struct list_link *at = list->first; at; at = at->next, count++) {
        forward = forward * 10 + OWNER(at, struct element, link)->number;
        assert_ptr_equal(at->next ? at->next->previous : list->last, at);
    }
    for (struct list_link *at = list->last; at; at = at->previous) count--;
    assert_int_equal(count, 0);
    return forward;
}

static void append_and_remove(void **state) {
    (void)state;
    static const struct {
        int which, left;
    } orders[][COUNT] = {{{1, 2345}, {2, 345}, {3, 45}, {4, 5}, {5, 0}},
                         {{5, 1234}, {4, 123}, {3, 12}, {2, 1}, {1, 0}},
                         {{3, 1245}, {2, 145}, {5, 14}, {1, 4}, {4, 0}}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct list list = {0};
        struct element elements[COUNT];
        for (int j = 0; j < COUNT; j++) {
            elements[j].number = j + 1;
            list_append(&list, &elements[j].link);
        }
        assert_int_equal(numbers(&list), 12345);
        for (int j = 0; j < COUNT; j++) {
            list_remove(&list, &elements[orders[i][j].which - 1].link);
            assert_int_equal(numbers(&list), orders[i][j].left);
        }
        assert_null(list.first);
        assert_null(list.last);
        list_append(&list, &elements[0].link); /* again */
        assert_int_equal(numbers(&list), 1);
    }
}

static void as_a_queue(void **state) {
    (void)state;
    struct list list = {0};
    struct element elements[COUNT];
    assert_null(list_take(&list));
    for (int round = 0; round < 3; round++) {
        for (int j = 0; j < COUNT; j++) {
            elements[j].number = j + 1;
            list_append(&list, &elements[j].link);
        }
        for (int j = 0; j < COUNT; j++)
            assert_int_equal(OWNER(list_take(&list), struct element, link)->number, j + 1);
        assert_null(list_take(&list));
        assert_null(list.last);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_and_remove),
        cmocka_unit_test(as_a_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
