#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Reading. */

static void copy_until(char *to, const char *from, const char *end) {
    size_t size = end ? (size_t)(end - from) : strlen(from);
    assert_true(size < TABLES_TEXT);
    memcpy(to, from, size);
    to[size] = '\0';
}

/* What stands in `line` between `before` and `after` (NULL: the line's end). */
static bool between(const char *line, const char *before, const char *after, char *to) {
    const char *from = strstr(line, before);
    if (!from) return false;
    from += strlen(before);
    copy_until(to, from, after ? strstr(from, after) : NULL);
    return true;
}

static void read_header_line(struct table *table, const char *line) {
    struct table_log *log = &table->logs[table->count ? table->count - 1 : 0];
    if (line[0] == 'E') {
        assert_true(between(line, "cmds=", " hash=", table->cmds));
        assert_true(between(line, " hash=", " comparing", table->cmds_hash));
    } else if (line[0] != ' ') {
        log = &table->logs[table->count];
        assert_int_equal(line[0], 'a' + (int)table->count++);
        assert_true(between(line, "file_name=", " date=", log->file));
    } else if (between(line, "arch=", " ", log->arch)) {
        assert_true(between(line, "cores=cores=", " ", log->cores));
        assert_true(between(line, "total(GB)=", " ", log->total));
        assert_true(between(line, "available(GB)=", NULL, log->available));
    } else if (!between(line, "hash of binary=", NULL, log->hash) &&
               !between(line, "binary=", NULL, log->bin))
        assert_true(between(line, "brand=", NULL, log->brand));
}

static long number_at(const char *line, size_t from, size_t to) {
    char digits[TABLES_TEXT], *end;
    size_t size = 0;
    for (size_t i = from; i < to && i < strlen(line); i++)
        if (line[i] != ' ' && line[i] != ',') digits[size++] = line[i];
    digits[size] = '\0';
    long number = strtol(digits, &end, 10);
    assert_true(size > 0 && *end == '\0');
    return number;
}

/* Where the columns are is what the report shows. */
static void read_row(struct table *table, const char *line) {
    size_t log = (size_t)(line[42] - 'a'), rss = table->count > 1 ? 70 : 61;
    assert_true(log < table->count);
    if (log == 0) {
        const char *end = line + 42;
        while (end[-1] == ' ') end--;
        copy_until(table->cmd[table->rows++], line, end);
    }
    table->logs[log].took[table->rows - 1] = number_at(line, 44, 61);
    table->logs[log].rss_diff[table->rows - 1] = number_at(line, rss, rss + 15);
}

void table_text(const char *name, char *text, size_t room) {
    char path[500];
    snprintf(path, sizeof path, "%s/tests/unit/eval/tables/%s.txt", SOURCE_ROOT, name);
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("there is no %s", path);
    size_t size = fread(text, 1, room - 1, file);
    assert_true(size > 0 && size < room - 1);
    text[size] = '\0';
    fclose(file);
}

void table_read(const char *name, struct table *table) {
    char lines[sizeof table->text];
    unsigned rules = 0, maximum = 0;
    memset(table, 0, sizeof *table);
    table_text(name, table->text, sizeof table->text);
    memcpy(lines, table->text, sizeof lines);
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, "===", 3) == 0 || strncmp(line, "---", 3) == 0)
            rules++;
        else if (rules == 0)
            read_header_line(table, line);
        else if (rules == 2)
            read_row(table, line);
        else if (strncmp(line, "Maximum", 7) == 0 || maximum > 0)
            table->logs[maximum++].maximum = number_at(line, 61, table->count > 1 ? 85 : 76);
    }
    assert_int_equal(rules, 3);
    assert_int_equal(maximum, table->count);
}

/* ---- Logs. */

/* What was resident before the first command, from the highest that the table tells. */
static long base_of(const struct table *table, const struct table_log *log) {
    long sum = 0, highest = 0;
    for (size_t i = 0; i < table->rows; i++) {
        sum += log->rss_diff[i];
        if (sum > highest) highest = sum;
    }
    return log->maximum - highest;
}

static void make_log(const struct table *table, const struct table_log *log) {
    if (strchr(log->file, '/')) mkdir("logs", 0755);
    FILE *file = fopen(log->file, "w");
    assert_non_null(file);
    fprintf(file,
            "{\"arch\": \"%s\", \"brand\": \"%s\", \"cores\": \"%s\", \"memory_total\": \"%s\", "
            "\"memory_available\": \"%s\"}\n",
            log->arch, log->brand, log->cores, log->total, log->available);
    fprintf(file, "{\"bin\": \"%s\", \"hash\": \"%s\", \"modified\": \"241022_170002.191\"}\n",
            log->bin, log->hash);
    fprintf(file, "{\"filename\": \"%s\", \"hash\": \"%s\", \"modified\": \"241022_164951.279\"}\n",
            table->cmds, table->cmds_hash);
    long rss = base_of(table, log);
    for (size_t i = 0; i < table->rows; i++) {
        rss += log->rss_diff[i];
        fprintf(file,
                "{\"took\": \"%ld\", \"rss_diff\": \"%ld\", \"rss\": \"%ld\", \"vms_diff\": \"0\", "
                "\"vms\": \"6298503336\", \"cmd\": \"%s\"}\n",
                log->took[i], log->rss_diff[i], rss, table->cmd[i]);
    }
    assert_int_equal(fclose(file), 0);
}

void table_make_logs(const struct table *table) {
    for (size_t i = 0; i < table->count; i++) make_log(table, &table->logs[i]);
}

void table_remove_logs(const struct table *table) {
    for (size_t i = 0; i < table->count; i++) unlink(table->logs[i].file);
    rmdir("logs");
}
