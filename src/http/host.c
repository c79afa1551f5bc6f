#include "http/host.h"

#include <ctype.h>

/* reg-name of RFC 3986: unreserved, percent-encoded, sub-delims. */
static bool is_name_byte(unsigned char byte) {
    return isalnum(byte) || (byte && strchr("-._~%!$&'()*+,;=", byte));
}

static size_t name_size(struct str host) {
    size_t size = 0;
    while (size < host.size && is_name_byte((unsigned char)host.data[size])) size++;
    return size;
}

/* "[2001:db8::1]", "[v1.x]": its size; 0: there is none. */
static size_t literal_size(struct str host) {
    size_t end = str_find(host, ']');
    if (end == host.size || end < 3) return 0;
    for (size_t i = 1; i < end; i++)
        if (host.data[i] != ':' && !is_name_byte((unsigned char)host.data[i])) return 0;
    return end + 1;
}

bool http_host_valid(struct str host) {
    if (host.size == 0) return true;
    bool literal = host.data[0] == '[';
    size_t at = literal ? literal_size(host) : name_size(host);
    if (literal && at == 0) return false;
    if (at == host.size) return true;
    if (host.data[at] != ':') return false;
    while (++at < host.size)
        if (!isdigit((unsigned char)host.data[at])) return false;
    return true;
}
