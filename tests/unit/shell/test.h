/* What cmocka wants to be included before it. */
#ifndef PK_TESTS_SHELL_TEST_H
#define PK_TESTS_SHELL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
