/* The child that links or compiles: it reads its input from stdin, writes to the descriptors that
 * it got (spawn.h numbers them) and reports facts or an error. It works on what a stranger wrote,
 * so it gives up what it can before it looks at a byte. */
#include "load/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/manifest.h"
#include "engine/engine.h"
#include "link/link.h"
#include "load/spawn.h"
#include "load/load.h"

enum { CHILD_FILES = 64, CHILD_ARENAS = 4 };

struct child_options {
    const char *stage, *engine_key;
    uint64_t parent, memory, seconds, size, reservation;
    bool strict_memory;
};

/* ---- arguments */

static bool take_number(const char *argument, const char *name, uint64_t *out) {
    size_t length = strlen(name);
    if (strncmp(argument, name, length) != 0) return false;
    char *end;
    errno = 0;
    *out = strtoull(argument + length, &end, 10);
    return errno == 0 && end != argument + length && *end == '\0';
}

static bool take_text(const char *argument, const char *name, const char **out) {
    size_t length = strlen(name);
    if (strncmp(argument, name, length) != 0) return false;
    *out = argument + length;
    return true;
}

static bool take_argument(const char *argument, struct child_options *options) {
    if (strcmp(argument, "--strict-memory") == 0) return options->strict_memory = true;
    return take_text(argument, "--stage=", &options->stage) ||
           take_text(argument, "--engine-key=", &options->engine_key) ||
           take_number(argument, "--parent=", &options->parent) ||
           take_number(argument, "--memory=", &options->memory) ||
           take_number(argument, "--seconds=", &options->seconds) ||
           take_number(argument, "--size=", &options->size) ||
           take_number(argument, "--reservation=", &options->reservation);
}

static bool read_options(int argc, char **argv, struct child_options *options, struct err *err) {
    for (int i = 1; i < argc; i++) {
        if (i == 1 && strcmp(argv[i], "compile") == 0) continue;
        if (!take_argument(argv[i], options))
            return err_set(err, ERR_INVALID, "compile: argument not understood: %s", argv[i]);
    }
    bool known = strcmp(options->stage, "link") == 0 || strcmp(options->stage, "code") == 0;
    if (!known || options->memory == 0 || options->seconds == 0)
        return err_set(err, ERR_INVALID,
                       "compile is started by the kernel itself, with --stage=link|code, --memory "
                       "and --seconds");
    return true;
}

static bool is_link(const struct child_options *options) {
    return options->stage[0] == 'l';
}

/* ---- giving up rights */

static bool limit(int resource, uint64_t value) {
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) != 0) return false;
    if (value > now.rlim_max) value = now.rlim_max;
    struct rlimit wanted = {value, value};
    return setrlimit((__rlimit_resource_t)resource, &wanted) == 0;
}

static bool child_limit(const struct child_options *options, struct err *err) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    /* A compile uses every core; whoever needs more than all of them for the whole time is stuck.
     */
    uint64_t cpu = options->seconds * (uint64_t)(cores > 0 ? cores : 1);
    bool good = limit(RLIMIT_CORE, 0) && limit(RLIMIT_CPU, cpu) &&
                limit(RLIMIT_FSIZE, LOAD_MAX_OUTPUT) && limit(RLIMIT_NOFILE, CHILD_FILES) &&
                (SPAWN_SANITIZED || limit(RLIMIT_AS, options->memory));
    return good ? true : err_errno(err, errno, "compile: cannot set limits");
}

/* The place for seccomp and namespaces: from here on only read, write, lseek, ftruncate, memory,
 * threads and exit are needed. */
static bool child_confine(const struct child_options *options, struct err *err) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_errno(err, errno, "compile: prctl");
    /* The parent may have died before PR_SET_PDEATHSIG. */
    if (options->parent != 0 && (uint64_t)getppid() != options->parent)
        return err_set(err, ERR_CANCELLED, "compile: the kernel that wanted it is gone");
    if (chdir("/") != 0) return err_errno(err, errno, "compile: chdir");
    umask(077);
    /* Whatever else the kernel was started with. */
    unsigned outputs = is_link(options) ? LINK_OUTPUTS : COMPILE_OUTPUTS;
    if (close_range(SPAWN_FIRST_OUTPUT + outputs, UINT_MAX, 0) != 0)
        return err_errno(err, errno, "compile: close_range");
    /* Each of malloc's arenas reserves 64 MiB of address space, by default up to eight for every
     * core. */
    mallopt(M_ARENA_MAX, CHILD_ARENAS);
    return child_limit(options, err);
}

/* ---- work */

/* All of stdin. What is too large is not taken, whatever --size said. */
static bool read_input(const struct child_options *options, struct buf *input, struct err *err) {
    buf_init(input, LOAD_MAX_INPUT + 1);
    size_t piece = options->size < LOAD_MAX_INPUT ? (size_t)options->size + 1 : SPAWN_PIECE;
    for (;;) {
        uint8_t *room = buf_reserve(input, piece);
        if (room == NULL)
            return err_set(err, ERR_LIMIT, "larger than %u MiB, or no memory for it",
                           LOAD_MAX_INPUT >> 20);
        ssize_t got = read(STDIN_FILENO, room, piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return err_errno(err, errno, "compile: cannot read the input");
        if (got == 0) return true;
        input->size += (size_t)got;
        piece = (size_t)got < piece ? piece - (size_t)got : SPAWN_PIECE;
    }
}

static bool write_output(enum link_output output, const struct buf *bytes, struct err *err) {
    size_t at = 0;
    if (bytes->failed) return err_set(err, ERR_MEMORY, "no memory for the linker's output");
    while (at < bytes->size) {
        ssize_t wrote = write(SPAWN_FIRST_OUTPUT + (int)output, bytes->data + at, bytes->size - at);
        if (wrote < 0 && errno != EINTR) return err_errno(err, errno, "compile: cannot write");
        if (wrote > 0) at += (size_t)wrote;
    }
    return true;
}

static bool make_facts(const struct link_result *result, struct skill_facts *facts,
                       struct err *err) {
    if (result->global_count > MANIFEST_MAX_GLOBALS)
        return err_set(err, ERR_LIMIT, "it has %u mutable globals, at most %d are supported",
                       result->global_count, MANIFEST_MAX_GLOBALS);
    facts->kind = result->world.kind == WORLD_FUNCTION ? SKILL_FUNCTION : SKILL_MESSAGE_STREAM;
    facts->minor = result->world.minor;
    facts->pages = result->image_pages;
    facts->global_count = result->global_count;
    for (uint32_t i = 0; i < result->global_count; i++) facts->globals[i] = result->globals[i].bits;
    facts->data_in_image = result->data_in_image;
    if (!facts->data_in_image)
        snprintf(facts->data_reason, sizeof facts->data_reason, "%s",
                 result->data_reason != NULL ? result->data_reason : "");
    return true;
}

static bool write_linked(const struct link_result *result, struct buf *report, struct err *err) {
    static struct skill_facts facts;
    if (!make_facts(result, &facts, err)) return false;
    if (!write_output(LINK_CODE, &result->code, err) ||
        !write_output(LINK_INTERFACE, &result->interface, err) ||
        !write_output(LINK_NAMES, &result->names, err) ||
        !link_write_image(result, SPAWN_FIRST_OUTPUT + LINK_IMAGE, err))
        return false;
    return skill_facts_write(&facts, report)
               ? true
               : err_set(err, ERR_MEMORY, "no memory for the linker's facts");
}

static bool run_link(const struct child_options *options, const struct buf *input,
                     struct buf *report, struct err *err) {
    static struct component component;
    static struct link_result result;
    struct component_world world;
    struct link_settings settings = {.strict_memory = options->strict_memory};
    struct arena arena;
    arena_init(&arena, options->memory);
    if (!component_decode(input->data, input->size, &arena, &component, err)) return false;
    if (!component_find_world(&component, &world, err)) return false;
    if (!link_component(&component, &settings, &arena, &result, err)) return false;
    return write_linked(&result, report, err); /* the process ends now: nothing is freed */
}

static bool run_compile(const struct child_options *options, const struct buf *input,
                        struct err *err) {
    struct engine_settings settings;
    struct engine *engine;
    engine_settings_default(&settings);
    settings.strict_memory = options->strict_memory;
    if (options->reservation != 0) settings.reservation = options->reservation;
    if (!engine_new(&settings, &engine, err)) return false;
    if (options->engine_key != NULL && strcmp(options->engine_key, engine_key(engine)) != 0)
        return err_set(err, ERR_INTERNAL, "the child's engine (%s) is not the kernel's (%s)",
                       engine_key(engine), options->engine_key);
    return engine_compile(engine, input->data, input->size, SPAWN_FIRST_OUTPUT + COMPILE_CODE, err);
}

static bool work(const struct child_options *options, struct buf *report, struct err *err) {
    struct buf input;
    if (!child_confine(options, err) || !read_input(options, &input, err)) return false;
    if (is_link(options)) return run_link(options, &input, report, err);
    return run_compile(options, &input, err);
}

int load_child_main(int argc, char **argv) {
    struct child_options options = {.stage = ""};
    struct err err;
    struct buf report;
    buf_init(&report, SPAWN_MAX_REPORT);
    if (!read_options(argc, argv, &options, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    bool good = work(&options, &report, &err);
    if (!good) {
        buf_clear(&report);
        error_write(&err, &report);
    }
    for (size_t at = 0; at < report.size;) {
        ssize_t wrote = write(SPAWN_REPORT_FD, report.data + at, report.size - at);
        if (wrote < 0 && errno != EINTR) return 3;
        if (wrote > 0) at += (size_t)wrote;
    }
    _exit(good ? 0 : 1); /* nothing was freed, and no library has to tidy up */
}
