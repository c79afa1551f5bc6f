#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* No stdio stream and no allocation: either may be what is broken. */
_Noreturn void must_fail(const char *file, int line, const char *what) {
    dprintf(STDERR_FILENO, "%s:%d: broken invariant: %s\n", file, line, what);
    abort();
}
