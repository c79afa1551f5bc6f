/* The listening socket. Thread: any. */
#ifndef PK_SHELL_LISTEN_H
#define PK_SHELL_LISTEN_H

#include <stdbool.h>

#include "base/err.h"

/* "HOST:PORT" or "[V6]:PORT" -> a non-blocking listening socket (the caller closes it), the address
 * it got (malloc), and whether machines other than this one can reach it. */
bool listen_open(const char *address, int *fd, char **got, bool *is_public, struct err *err);

#endif
