#include "eval/columns.h"

#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

/* One character: its bytes, never 0, and its columns. */
static size_t next(const char *text, size_t left, size_t *columns) {
    wchar_t character;
    mbstate_t none = {0};
    size_t size = mbrtowc(&character, text, left, &none);
    *columns = 1;
    if (size == 0 || size > left) return 1; /* no UTF-8 */
    int width = wcwidth(character);
    if (width >= 0) *columns = (size_t)width;
    return size;
}

static bool is_plain(char byte) {
    return byte >= ' ' && byte <= '~';
}

size_t columns_fit(const char *text, size_t most, size_t *columns) {
    size_t plain = 0;
    while (plain < most && is_plain(text[plain])) plain++;
    *columns = plain;
    bool end = text[plain] == '\0' || is_plain(text[plain]); /* else it may be a combining one */
    if (end) return plain;                                   /* mostly; a locale is dear */
    size_t at = 0, size = strlen(text), width;
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    *columns = 0;
    while (at < size) {
        size_t bytes = next(text + at, size - at, &width);
        if (*columns + width > most) break;
        *columns += width;
        at += bytes;
    }
    if (!utf8) return at;
    uselocale(before);
    freelocale(utf8);
    return at;
}

size_t columns_put(FILE *out, const char *text, size_t most) {
    size_t columns, size = columns_fit(text, most, &columns);
    if (!text[size] || most == 0) {
        fwrite(text, 1, size, out);
        return columns;
    }
    size = columns_fit(text, most - 1, &columns);
    fwrite(text, 1, size, out);
    fputs("…", out);
    return columns + 1;
}
