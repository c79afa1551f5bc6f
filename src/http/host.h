/* The value of a Host header (RFC 9110, 7.2). Thread: any. */
#ifndef PK_HTTP_HOST_H
#define PK_HTTP_HOST_H

#include <stdbool.h>

#include "base/str.h"

/* uri-host [ ":" port ]: a name, an IPv4 address, or an address in brackets. Empty is valid. */
bool http_host_valid(struct str host);

#endif
