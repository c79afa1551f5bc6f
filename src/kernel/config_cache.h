/* Where the cache is when no setting says it: the first of
 *   $XDG_CACHE_HOME/pharia-kernel and $HOME/.cache/pharia-kernel, if the variable is an absolute
 * path, SYSTEM/pharia-kernel, if this user may write there or make it, pharia-kernel-UID in
 * $TMPDIR, or else in /tmp. The store makes the directory with mode 0700 and refuses one that is
 * another user's or that others may write. Private to src/kernel's config. Thread: main. */
#ifndef PK_KERNEL_CONFIG_CACHE_H
#define PK_KERNEL_CONFIG_CACHE_H

#include "base/arena.h"
#include "base/err.h"

/* For --help. */
#define CONFIG_CACHE_SHOWN                                                                         \
    "$XDG_CACHE_HOME/pharia-kernel, ~/.cache/pharia-kernel, /var/cache/pharia-kernel or "          \
    "$TMPDIR/pharia-kernel-UID"

/* The path, in the arena; NULL: see `err`. `system` is "/var/cache". `passing` is filled when the
 * directory is a temporary one, and left alone otherwise. */
const char *config_default_cache(char **environment, const char *system, struct arena *arena,
                                 struct err *passing, struct err *err);

#endif
