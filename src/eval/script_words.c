/* One line of a script into its words. */
#include "eval/script_internal.h"

/* White space that Python's str.split() splits at and a reader does not see: refused, because the
 * hash of 2024 would be another one. */
static bool is_odd_blank(const char *at, size_t size) {
    static const char *const blanks[] = {"\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
                                         "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
                                         "\xe3\x80\x80"};
    if (size == 3 && memcmp(at, "\xe2\x80", 2) == 0 && (uint8_t)at[2] <= 0x8a) return true;
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
        if (strlen(blanks[i]) == size && memcmp(at, blanks[i], size) == 0) return true;
    return false;
}

static bool is_control(const char *at, size_t size) {
    uint8_t first = (uint8_t)at[0];
    if (size == 1) return (first < 0x20 && first != '\t') || first == 0x7f;
    return size == 2 && first == 0xc2 && (uint8_t)at[1] < 0xa0;
}

static bool check_characters(struct script_reader *reader, struct str line) {
    for (size_t at = 0, length; at < line.size; at += length) {
        length = utf8_sequence(line.data + at, line.size - at);
        if (length == 0)
            return script_problem(reader, "byte %zu is not UTF-8: save the file as UTF-8", at + 1);
        if (is_control(line.data + at, length))
            return script_problem(reader, "byte %zu is a control character (0x%02x): remove it",
                                  at + 1, (uint8_t)line.data[at + length - 1]);
        if (is_odd_blank(line.data + at, length))
            return script_problem(
                reader, "byte %zu begins an unusual blank: write a plain blank or a tab", at + 1);
    }
    return true;
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

bool script_split(struct script_reader *reader, struct str line, struct str *words, size_t *count) {
    *count = 0;
    if (line.size > SCRIPT_MAX_LINE)
        return script_problem(reader, "the line has %zu bytes, at most %d are possible", line.size,
                              SCRIPT_MAX_LINE);
    if (!check_characters(reader, line)) return false;
    for (size_t at = 0; at < line.size;) {
        if (is_blank(line.data[at])) {
            at++;
            continue;
        }
        size_t begin = at;
        if (line.data[at] == '#') break;
        if (*count == 0 && line.data[at] == '!')
            at++;
        else
            while (at < line.size && !is_blank(line.data[at])) at++;
        words[(*count)++] = (struct str){line.data + begin, at - begin};
    }
    return true;
}
