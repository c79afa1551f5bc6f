/* What the parts of the script reader share. Private to src/eval's script. */
#ifndef PK_EVAL_SCRIPT_INTERNAL_H
#define PK_EVAL_SCRIPT_INTERNAL_H

#include "base/str.h"
#include "eval/script.h"
#include "eval/show.h"

enum { SCRIPT_MAX_WORDS = SCRIPT_MAX_LINE / 2 + 2 }; /* "!" may be a word more */

struct script_reader {
    struct script *script;
    size_t room; /* of its entries */
    struct buf hashed;
    struct buf *problems;
    size_t problem_count; /* those that were not shown too */
    unsigned line;
};

/* Tells a problem of the current line; returns false. */
__attribute__((format(printf, 2, 3))) bool script_problem(struct script_reader *reader,
                                                          const char *format, ...);
struct script_command_row {
    const char *word, *sample, *arguments, *help;
    enum script_kind kind;
};
extern const struct script_command_row script_rows[SCRIPT_COMMAND_COUNT];

/* script_words.c: a line without its end into words, "!" apart from what it is glued to. False: the
 * problem was told. */
bool script_split(struct script_reader *reader, struct str line, struct str *words, size_t *count);
/* script_entry.c: the words of one line, at least one, into an entry without text and line. */
bool script_entry_read(struct script_reader *reader, const struct str *words, size_t count,
                       struct script_entry *entry);

#endif
