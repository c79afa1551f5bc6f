/* Scripts: `.cmds` files, one command per line, read and checked as a whole before anything starts.
 *
 *   [!] [REPEAT] COMMAND [ARGUMENT…]   # comment
 *
 * Words are separated by blanks and tabs. "!" (a word of its own or glued to the next one) says
 * that requests of this line may fail; it comes first. A leading number repeats the command; the
 * whole is one timed entry. "#" begins a comment at the start of a line or after a blank. LF and
 * CRLF end lines. "stop" is implied at the end and never written.
 *
 * One table holds the commands; the parser, `--help` and docs/evaluation.md come from it.
 * Thread: any, nothing is shared. */
#ifndef PK_EVAL_SCRIPT_H
#define PK_EVAL_SCRIPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "eval/sha1.h"

enum {
    SCRIPT_MAX_FILE = 1 << 20, /* bytes */
    SCRIPT_MAX_LINE = 4096,    /* bytes, without the line's end */
    SCRIPT_MAX_PROBLEMS = 20,  /* bad lines told at once */
    SCRIPT_MAX_NAME = 250,     /* bytes of a skill's name: with ".wasm" a file name */
    SCRIPT_MAX_REPEAT = 1000000,
    SCRIPT_MAX_COUNT = 10000,
    SCRIPT_MAX_KB = 4194304,
    SCRIPT_MAX_MS = 86400000,
    SCRIPT_MAX_TIMES = 20000,
    SCRIPT_MAX_CHUNKS = 4194304,
};

/* What a command does, whatever sample it does it with. */
enum script_kind {
    SCRIPT_ADD,           /* copy one sample, wait until it is listed, call it once */
    SCRIPT_P_ADD,         /* copy `count` of them, then call each of them once */
    SCRIPT_SKILLS,        /* list the skills */
    SCRIPT_CACHED_SKILLS, /* list those that are loaded */
    SCRIPT_EXECUTE_SKILL, /* one call of `name` */
    SCRIPT_EXECUTE_ALL,   /* each listed skill in order, `times` times */
    SCRIPT_P_EXECUTE_ALL, /* each listed skill `times` times, all at once */
    SCRIPT_DROP,          /* out of the cache: `name` or the first that can be */
    SCRIPT_DELETE,        /* its file: `name` or the first that can be */
};

/* X(enum, word, kind, sample or NULL, arguments, help). Arguments are those of
 * SCRIPT_ARGUMENTS; the ones in brackets may be left out, from the right. */
#define SCRIPT_COMMANDS(X)                                                                         \
    X(COMMAND_ADD_PY, "add_py", SCRIPT_ADD, "py", "",                                              \
      "copy the Python sample to the next number, wait until it is listed, call it once")          \
    X(COMMAND_ADD_RS, "add_rs", SCRIPT_ADD, "rs", "", "the same with the Rust sample")             \
    X(COMMAND_ADD_C, "add_c", SCRIPT_ADD, "c", "", "the same with the C sample")                   \
    X(COMMAND_ADD_JS, "add_js", SCRIPT_ADD, "js", "", "the same with the JavaScript sample")       \
    X(COMMAND_P_ADD_PY, "p_add_py", SCRIPT_P_ADD, "py", "N",                                       \
      "copy N Python samples, wait until all are listed, call each once")                          \
    X(COMMAND_P_ADD_RS, "p_add_rs", SCRIPT_P_ADD, "rs", "N", "the same with Rust samples")         \
    X(COMMAND_P_ADD_C, "p_add_c", SCRIPT_P_ADD, "c", "N", "the same with C samples")               \
    X(COMMAND_P_ADD_JS, "p_add_js", SCRIPT_P_ADD, "js", "N", "the same with JavaScript samples")   \
    X(COMMAND_SKILLS, "skills", SCRIPT_SKILLS, NULL, "", "list the skills")                        \
    X(COMMAND_CACHED_SKILLS, "cached_skills", SCRIPT_CACHED_SKILLS, NULL, "",                      \
      "list the skills that are loaded")                                                           \
    X(COMMAND_EXECUTE_SKILL, "execute_skill", SCRIPT_EXECUTE_SKILL, NULL,                          \
      "NAME TOPIC [KB] [ms] [CHUNKS]",                                                             \
      "call one skill, whether it is listed or not; it holds KB of memory (in CHUNKS equal "       \
      "pieces) and waits ms")                                                                      \
    X(COMMAND_EXECUTE_ALL, "execute_all", SCRIPT_EXECUTE_ALL, NULL,                                \
      "TOPIC [KB] [ms] [TIMES] [CHUNKS]",                                                          \
      "call each listed skill whose file is still there, one after the other, the whole TIMES "    \
      "times")                                                                                     \
    X(COMMAND_P_EXECUTE_ALL, "p_execute_all", SCRIPT_P_EXECUTE_ALL, NULL,                          \
      "TOPIC [KB] [ms] [TIMES] [CHUNKS]",                                                          \
      "call each listed skill whose file is still there TIMES times, all at once")                 \
    X(COMMAND_DROP_CACHED_SKILL, "drop_cached_skill", SCRIPT_DROP, NULL, "[NAME]",                 \
      "drop a skill from the kernel's cache (without NAME: the first by name that is in it and "   \
      "whose file is still there, or else the first whose file is)")                               \
    X(COMMAND_DELETE_SKILL, "delete_skill", SCRIPT_DELETE, NULL, "[NAME]",                         \
      "delete a skill's file (without NAME: the first by name whose file is still there)")

enum script_command {
#define X(command, word, kind, sample, arguments, help) command,
    SCRIPT_COMMANDS(X)
#undef X
        SCRIPT_COMMAND_COUNT
};

/* X(word, member of script_entry, minimum, maximum, what it is when it is not given, help) for
 * numbers; NAME and TOPIC are texts. */
#define SCRIPT_NUMBERS(X)                                                                          \
    X("N", count, 1, SCRIPT_MAX_COUNT, 0, "how many copies")                                       \
    X("KB", kb, 0, SCRIPT_MAX_KB, 0, "memory that a call holds until its end, in KB")              \
    X("ms", ms, 0, SCRIPT_MAX_MS, 0, "how long a call waits, in ms")                               \
    X("TIMES", times, 1, SCRIPT_MAX_TIMES, 1, "how many times each skill is called")               \
    X("CHUNKS", chunks, 1, SCRIPT_MAX_CHUNKS, 0,                                                   \
      "equal pieces of the memory; not given: pieces of 100 to 300 KB")

struct script_entry {
    unsigned line; /* in the file, from 1 */
    bool may_fail; /* "!" */
    enum script_command command;
    enum script_kind kind;
    const char *sample; /* "py", "rs", "c", "js"; NULL when the command adds nothing */
    uint32_t repeat;    /* 1 without a number in front */
    const char *name;   /* NULL: not given */
    const char *topic;  /* NULL: the command has none */
    uint32_t count;     /* of p_add_… */
    uint32_t kb, ms, times;
    uint32_t chunks;  /* 0: not given */
    const char *text; /* the words joined by one blank ("! 4 add_py"), as a log's cmd has it */
};

struct script {
    struct arena arena; /* texts */
    const char *path;   /* as it was given */
    uint64_t modified;  /* the file's change time, ns since 1970 */
    char hash[SHA1_HEX];
    struct script_entry *entries; /* malloc'd */
    size_t count;                 /* never 0 */
};

/* False: `problems` (not cleared; made by the caller) got lines "FILE:LINE: what is wrong, what is
 * possible" for up to SCRIPT_MAX_PROBLEMS bad lines, or "FILE: …" for the file as a whole. On
 * success the caller frees. */
bool script_read(const char *path, struct script *script, struct buf *problems);
/* The same for a text in memory; `path` is only a name, `modified` is 0. */
bool script_parse(const char *path, const void *bytes, size_t size, struct script *script,
                  struct buf *problems);
void script_free(struct script *script);

const char *script_command_word(enum script_command command);
/* Lines of `run --help`, and the table of docs/evaluation.md. */
void script_help(struct buf *out);
void script_help_markdown(struct buf *out);

/* Python's repr() of a str; the hash is the SHA-1 of such texts: [['add_py'], ['4', 'add_py']]. */
void script_python_repr(struct buf *out, const void *word, size_t size);

#endif
