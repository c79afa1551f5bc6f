#include "shell/path.h"

#include <ctype.h>

/* "http://host/path": the path of it; a server must take this form too (RFC 9112, 3.2.2). */
static struct str strip_authority(struct str url) {
    const char *colons = memmem(url.data, url.size, "://", 3);
    if (!colons) return url;
    struct str rest = {colons + 3, url.size - (size_t)(colons + 3 - url.data)};
    size_t slash = str_find(rest, '/');
    if (slash == rest.size) return str_of("/");
    return (struct str){rest.data + slash, rest.size - slash};
}

int path_split(struct str url, struct str segments[PATH_MAX_SEGMENTS]) {
    if (url.size > 0 && url.data[0] != '/') url = strip_authority(url);
    if (url.size == 0 || url.data[0] != '/') return -1;
    struct str rest = {url.data + 1, url.size - 1};
    for (int count = 0; count < PATH_MAX_SEGMENTS; count++) {
        size_t slash = str_find(rest, '/');
        segments[count] = (struct str){rest.data, slash};
        if (slash == rest.size) return count + 1;
        rest = (struct str){rest.data + slash + 1, rest.size - slash - 1};
    }
    return -1;
}

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    char lower = (char)tolower((unsigned char)digit);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool path_decode(struct str segment, struct buf *out) {
    size_t start = out->size;
    for (size_t i = 0; i < segment.size; i++) {
        uint8_t byte = (uint8_t)segment.data[i];
        if (byte == '%') {
            int high = i + 2 < segment.size ? hex_digit(segment.data[i + 1]) : -1;
            int low = i + 2 < segment.size ? hex_digit(segment.data[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            byte = (uint8_t)(high << 4 | low);
            i += 2;
        }
        if (!buf_byte(out, byte)) return false;
    }
    return out->size == start || utf8_valid(out->data + start, out->size - start);
}
