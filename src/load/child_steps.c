/* The two steps that work in a child process: link a component, compile a code. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "load/spawn.h"
#include "load/steps.h"

static const enum artefact_kind link_artefacts[LINK_OUTPUTS] = {[LINK_CODE] = ARTEFACT_CODE,
                                                                [LINK_INTERFACE] =
                                                                    ARTEFACT_INTERFACE,
                                                                [LINK_NAMES] = ARTEFACT_NAMES,
                                                                [LINK_IMAGE] = ARTEFACT_IMAGE};

enum { MAX_ARGUMENTS = 10, ARGUMENT_SIZE = 200 };

struct arguments {
    char text[MAX_ARGUMENTS][ARGUMENT_SIZE];
    const char *argv[MAX_ARGUMENTS + 1];
};

/* ---- one child */

static void make_arguments(struct arguments *arguments, const struct loads *loads,
                           const char *stage, uint64_t size) {
    size_t n = 0;
#define ADD(...)                                                                                   \
    snprintf(arguments->text[n], ARGUMENT_SIZE, __VA_ARGS__),                                      \
        arguments->argv[n] = arguments->text[n], n++
    ADD("pharia-kernel");
    ADD("compile");
    ADD("--stage=%s", stage);
    ADD("--parent=%d", (int)getpid());
    ADD("--memory=%" PRIu64, loads->child_memory);
    ADD("--seconds=%" PRIu64, (uint64_t)(loads->child_time / CLOCK_S + 1));
    ADD("--size=%" PRIu64, size);
    ADD("--reservation=%" PRIu64, loads->reservation);
    ADD("--engine-key=%s", engine_key(loads->engine));
    if (loads->strict_memory) ADD("--strict-memory");
#undef ADD
    arguments->argv[n] = NULL;
}

/* The last words on stderr, on one line. */
static const char *last_words(char *text) {
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ') *at = ' ';
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == ' ') text[--size] = '\0';
    return size > 300 ? text + size - 300 : text;
}

static bool explain_signal(const struct loads *loads, const char *what, const struct load *load,
                           struct spawn_result *result, struct err *err) {
    const char *words = last_words(result->stderr_text);
    bool memory =
        strstr(words, "memory allocation of") != NULL || strstr(words, "out of memory") != NULL;
    if (memory)
        return err_set(err, ERR_LIMIT,
                       "the %s of %s was ended: it wanted more memory than %" PRIu64
                       " MiB (COMPILE_MEMORY): %s",
                       what, load->name, loads->child_memory >> 20, words);
    if (result->code == SIGXCPU)
        return err_set(
            err, ERR_LIMIT,
            "the %s of %s was ended: it took more CPU time than every core has in %" PRIu64
            " s (limit of a compile)",
            what, load->name, (uint64_t)(loads->child_time / CLOCK_S));
    if (result->code == SIGXFSZ)
        return err_set(err, ERR_LIMIT,
                       "the %s of %s was ended: it wrote a file larger than %" PRIu64
                       " MiB (limit of a compile)",
                       what, load->name, LOAD_MAX_OUTPUT >> 20);
    if (result->code == SIGKILL)
        return err_set(
            err, ERR_MEMORY,
            "the %s of %s was killed from outside, perhaps because the system was out of memory",
            what, load->name);
    return err_set(err, ERR_INTERNAL, "the %s of %s ended by signal %d (%s): %s", what, load->name,
                   result->code, strsignal(result->code),
                   words[0] != '\0' ? words : "it said nothing");
}

/* False with the reason unless the child ended well. */
static bool explain_end(const struct loads *loads, const char *what, const struct load *load,
                        struct spawn_result *result, struct err *err) {
    switch (result->end) {
    case SPAWN_TIMEOUT:
        return err_set(err, ERR_TIMEOUT,
                       "the %s of %s was ended: it ran longer than %g s (limit of a compile)", what,
                       load->name, (double)loads->child_time / CLOCK_S);
    case SPAWN_STOPPED:
        return err_set(err, ERR_CANCELLED, "the %s of %s was ended: the kernel stops", what,
                       load->name);
    case SPAWN_SIGNAL:
        return explain_signal(loads, what, load, result, err);
    case SPAWN_EXITED:
        break;
    }
    if (result->code == 0) return true;
    if (!error_read(result->report, result->report_size, err))
        return err_set(err, ERR_INTERNAL, "the %s of %s failed with exit code %d: %s", what,
                       load->name, result->code, last_words(result->stderr_text));
    /* Its memory is limited: the same again would only fail the same. */
    if (err->kind == ERR_MEMORY) err->kind = ERR_LIMIT;
    return false;
}

static bool run_child(struct loads *loads, const char *stage, const char *what,
                      const struct load *load, struct spawn_task *task, struct spawn_result *result,
                      struct err *err) {
    struct arguments arguments;
    make_arguments(&arguments, loads, stage, task->input_size);
    task->program = loads->program;
    task->argv = arguments.argv;
    task->time_limit = loads->child_time;
    task->stop = loads->stop;
    log_info("skill", "%s of %s begins: %.1f MB", what, load->name, (double)task->input_size / 1e6);
    bool good = spawn_run(task, result, err);
    task->argv = NULL;
    if (!good) return false;
    log_debug("skill", "%s of %s: %.0f ms, %.0f ms of CPU, %" PRIu64 " MiB at its peak", what,
              load->name, (double)result->took / CLOCK_MS, (double)result->cpu / CLOCK_MS,
              result->peak >> 20);
    return explain_end(loads, what, load, result, err);
}

/* ---- link */

static bool create_outputs(struct cache *cache, struct cache_file *files, int *outputs,
                           size_t count, struct err *err) {
    for (size_t i = 0; i < count; i++) files[i] = (struct cache_file){.fd = -1};
    for (size_t i = 0; i < count; i++) {
        if (!cache_create(cache, &files[i], err)) return false;
        outputs[i] = files[i].fd;
    }
    return true;
}

static bool keep_linked(struct loads *loads, struct load *load, struct cache_file *files,
                        const struct spawn_result *result) {
    struct skill_manifest *manifest = &load->manifest;
    struct artefact *artefacts[LINK_OUTPUTS] = {&manifest->code, &manifest->interface,
                                                &manifest->names, &manifest->image};
    struct err *err = &load->error;
    manifest->component = load->component;
    if (!skill_facts_read(result->report, result->report_size, &manifest->facts, err)) return false;
    for (int i = 0; i < LINK_OUTPUTS; i++)
        if (!cache_seal(loads->cache, &files[i], link_artefacts[i], artefacts[i], err))
            return false;
    if (!skill_image_fits(manifest) || manifest->code.size > LOAD_MAX_INPUT)
        return err_set(err, ERR_INTERNAL, "the linker's files do not fit its facts");
    return cache_add_skill(loads->cache, manifest, err);
}

/* Did the child get what was hashed? When it failed it may not have read all, and the file's
 * identity has to do. */
static bool is_changed(const struct load *load, int file, const struct spawn_result *result,
                       const struct digest *streamed) {
    struct source_identity now;
    if (result->input_failed || !source_identify_file(file, &now) ||
        !source_same(&now, &load->identity))
        return true;
    return result->end == SPAWN_EXITED && result->code == 0 &&
           memcmp(streamed, &load->component, sizeof *streamed) != 0;
}

static enum load_result link_into(struct loads *loads, struct load *load, int file,
                                  struct cache_file *files, const int *outputs) {
    struct digest_state *state = digest_begin();
    struct spawn_task task = {.input = file,
                              .input_size = load->identity.size,
                              .digest = state,
                              .outputs = outputs,
                              .output_count = LINK_OUTPUTS};
    static _Thread_local struct spawn_result result; /* large */
    bool good = run_child(loads, "link", "linking", load, &task, &result, &load->error);
    struct digest streamed = digest_end(state);
    if (is_changed(load, file, &result, &streamed)) return LOAD_CHANGED;
    return good && keep_linked(loads, load, files, &result) ? LOAD_DONE : LOAD_FAILED;
}

/* Open the file again, unless another has come in its place. */
static enum load_result link_file(struct loads *loads, struct load *load, struct cache_file *files,
                                  const int *outputs) {
    int file = load->source->kind->open(load->source, load->in_source, &load->error);
    if (file < 0) return LOAD_FAILED;
    struct source_identity now;
    enum load_result result = LOAD_CHANGED;
    if (source_identify_file(file, &now) && source_same(&now, &load->identity))
        result = link_into(loads, load, file, files, outputs);
    close(file);
    return result;
}

enum load_result load_link(struct loads *loads, struct load *load) {
    struct cache_file files[LINK_OUTPUTS];
    int outputs[LINK_OUTPUTS];
    enum load_result result = LOAD_FAILED;
    if (create_outputs(loads->cache, files, outputs, LINK_OUTPUTS, &load->error))
        result = link_file(loads, load, files, outputs);
    for (int i = 0; i < LINK_OUTPUTS; i++) cache_discard(loads->cache, &files[i]);
    load->linked = result == LOAD_DONE;
    return result;
}

/* ---- compile */

static bool compile_into(struct loads *loads, struct load *load, int code,
                         struct cache_file *file) {
    struct spawn_task task = {.input = code,
                              .input_size = load->manifest.code.size,
                              .outputs = &file->fd,
                              .output_count = 1};
    static _Thread_local struct spawn_result result;
    struct err *err = &load->error;
    if (!run_child(loads, "code", "compile", load, &task, &result, err)) return false;
    load->code.code = load->manifest.code.sha256;
    return cache_seal(loads->cache, file, ARTEFACT_COMPILED, &load->code.compiled, err) &&
           cache_add_code(loads->cache, &load->code, err);
}

enum load_result load_compile(struct loads *loads, struct load *load) {
    struct cache_file file;
    int code = cache_open_artefact(loads->cache, ARTEFACT_CODE, &load->manifest.code);
    if (code < 0) return LOAD_UNLINKED;
    bool good =
        cache_create(loads->cache, &file, &load->error) && compile_into(loads, load, code, &file);
    cache_discard(loads->cache, &file);
    close(code);
    load->compiled = good;
    return good ? LOAD_DONE : LOAD_FAILED;
}
