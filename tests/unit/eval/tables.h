/* Tables of the evaluation report, and logs that must give them back. */
#ifndef PK_TESTS_EVAL_TABLES_H
#define PK_TESTS_EVAL_TABLES_H

#include <stddef.h>

enum { TABLES_MAX_LOGS = 4, TABLES_MAX_ROWS = 64, TABLES_TEXT = 200 };

struct table_log {
    char file[TABLES_TEXT], brand[TABLES_TEXT], arch[TABLES_TEXT], cores[TABLES_TEXT];
    char total[TABLES_TEXT], available[TABLES_TEXT], bin[TABLES_TEXT], hash[TABLES_TEXT];
    long took[TABLES_MAX_ROWS], rss_diff[TABLES_MAX_ROWS], maximum;
};

struct table {
    char text[8192]; /* of the file */
    char cmds[TABLES_TEXT], cmds_hash[TABLES_TEXT];
    char cmd[TABLES_MAX_ROWS][TABLES_TEXT];
    size_t rows, count;
    struct table_log logs[TABLES_MAX_LOGS];
};

/* The text of tests/unit/eval/tables/NAME.txt. */
void table_text(const char *name, char *text, size_t room);
/* Reads tests/unit/eval/tables/NAME.txt; fails the test when it is no table. */
void table_read(const char *name, struct table *table);
/* Makes a run log for each of its logs, below the working directory, under the name that the table
 * gives; and the opposite. */
void table_make_logs(const struct table *table);
void table_remove_logs(const struct table *table);

#endif
