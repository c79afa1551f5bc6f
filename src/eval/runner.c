#include "eval/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "eval/kernel_environment.h"
#include "eval/machine.h"
#include "eval/sampler.h"
#include "eval/sha1.h"
#include "eval/statistics.h"

enum { NUMBER = 24 };

/* Everything that the script will need, before anything starts. */
static bool check_samples(const struct run *run, struct err *err) {
    for (size_t i = 0; i < run->script->count; i++) {
        const char *sample = run->script->entries[i].sample;
        if (sample && !skills_folder_check(&run->skills, sample, err)) return false;
    }
    return true;
}

/* ---- the log ---- */

static bool write_header(struct run *run, struct err *err) {
    struct machine machine;
    char cores[NUMBER], total[NUMBER], available[NUMBER], hash[SHA1_HEX], strategy[64], tier[64],
        kernel_time[RUNLOG_STAMP], script_time[RUNLOG_STAMP];
    struct stat stat_;
    const struct run_options *options = run->options;
    machine_read(&machine);
    snprintf(cores, sizeof cores, "%" PRIu32, machine.cores);
    snprintf(total, sizeof total, "%" PRIu64, machine.memory_total);
    snprintf(available, sizeof available, "%" PRIu64, machine.memory_available);
    if (!sha1_of_file(options->kernel, hash, err)) return false;
    if (stat(options->kernel, &stat_))
        return err_errno(err, errno, "cannot look at %s", options->kernel);
    runlog_stamp((uint64_t)stat_.st_mtim.tv_sec * CLOCK_S + (uint64_t)stat_.st_mtim.tv_nsec,
                 kernel_time);
    runlog_stamp(run->script->modified, script_time);
    kernel_log_value(&run->kernel, "strategy", strategy, sizeof strategy);
    kernel_log_value(&run->kernel, "tier", tier, sizeof tier);
    struct buf settings;
    buf_init(&settings, 1 << 14);
    kernel_environment_inherited(&settings);
    struct runlog_header header = {{
        [RUNLOG_ARCH] = machine.arch,
        [RUNLOG_BRAND] = machine.brand,
        [RUNLOG_CORES] = cores,
        [RUNLOG_MEMORY_TOTAL] = total,
        [RUNLOG_MEMORY_AVAILABLE] = available,
        [RUNLOG_BIN] = options->kernel,
        [RUNLOG_BIN_HASH] = hash,
        [RUNLOG_BIN_MODIFIED] = kernel_time,
        [RUNLOG_CACHE] = run->warm ? "warm" : "empty",
        [RUNLOG_STRATEGY] = strategy,
        [RUNLOG_TIER] = tier,
        [RUNLOG_SETTINGS] = buf_cstr(&settings),
        [RUNLOG_LEGACY] = options->legacy ? "yes" : "no",
        [RUNLOG_FILENAME] = run->script->path,
        [RUNLOG_HASH] = run->script->hash,
        [RUNLOG_MODIFIED] = script_time,
        [RUNLOG_DISTINCT] = options->distinct ? "yes" : "no",
    }};
    bool good = settings.failed ? err_set(err, ERR_MEMORY, "no memory for the header")
                                : runlog_write_header(run->log, &header, err);
    buf_free(&settings);
    return good;
}

static void add_calls(struct run *run, struct runlog_entry *out) {
    runlog_set(out, RUNLOG_REQUESTS, (int64_t)run->calls);
    runlog_set(out, RUNLOG_ERRORS, (int64_t)run->entry_errors);
    if (run->calls == 0) return;
    statistics_sort_u32(run->took, run->calls);
    runlog_set(out, RUNLOG_P50, statistics_percentile_u32(run->took, run->calls, 500));
    runlog_set(out, RUNLOG_P99, statistics_percentile_u32(run->took, run->calls, 990));
    runlog_set(out, RUNLOG_MAX, statistics_percentile_u32(run->took, run->calls, 1000));
}

/* ---- entries ---- */

static bool finish_entry(struct run *run, pid_t pid, uint64_t begin, const char *text,
                         struct err *err) {
    struct runlog_entry out = {.cmd = text};
    struct process_figures now;
    uint64_t took = (clock_monotonic() - begin - run->waited + CLOCK_MS / 2) / CLOCK_MS;
    runlog_set(&out, RUNLOG_TOOK, (int64_t)took);
    sampler_end(pid, &run->before, &now, &out);
    if (now.children_rss > run->children_peak) run->children_peak = now.children_rss;
    runlog_set(&out, RUNLOG_CHILDREN_RSS, (int64_t)run->children_peak);
    add_calls(run, &out);
    run->before = now;
    progress_result(&run->progress, took, out.figure[RUNLOG_RSS_DIFF], run->calls,
                    run->entry_errors);
    return runlog_write_entry(run->log, &out, err);
}

static void begin_entry(struct run *run, const char *text) {
    run->calls = 0;
    run->entry_errors = 0;
    run->children_peak = 0;
    run->waited = 0;
    progress_entry(&run->progress, text);
    sampler_begin(run->kernel.pid);
}

static bool run_entry(struct run *run, const struct script_entry *entry, struct err *err) {
    run->entry = entry;
    begin_entry(run, entry->text);
    uint64_t begin = clock_monotonic();
    bool good = true;
    for (uint32_t i = 0; good && i < entry->repeat; i++)
        good = client_tick_when_due(run->client, err) && run_command_once(run, err);
    good = good && finish_entry(run, run->kernel.pid, begin, entry->text, err);
    run->entry = NULL;
    if (!entry->may_fail) run->failed += run->entry_errors;
    if (good && entry->may_fail && run->entry_errors == 0)
        progress_say(&run->progress, "    was expected to fail (!), but did not");
    return good;
}

static bool stop(struct run *run, struct err *err) {
    pid_t pid = run->kernel.pid;
    run->phase = "stop";
    begin_entry(run, "stop");
    client_close_idle(run->client);
    uint64_t begin = clock_monotonic();
    return kernel_stop(&run->kernel, err) && finish_entry(run, pid, begin, "stop", err);
}

static bool execute(struct run *run, const struct run_paths *paths, struct err *err) {
    const struct run_options *options = run->options;
    struct kernel_settings settings = {
        .self = "/proc/self/exe",
        .binary = options->kernel,
        .folder = paths->folder,
        .address = options->address,
        .cache_dir = paths->cache,
        .log_path = paths->kernel_log,
        .ready_path = routes_ready(&run->routes),
        .start_timeout = options->timeout,
        .stop_timeout = options->timeout,
        .stopping = run_stopping,
        .context = run,
    };
    run->warm = !run_folder_is_empty(paths->cache);
    run->phase = "start";
    progress_entry(&run->progress, run->phase);
    run->progress.entry = 0; /* it is no command */
    if (!kernel_start(&run->kernel, &settings, run->client, err) || !write_header(run, err))
        return false;
    run->phase = NULL;
    process_read(run->kernel.pid, true, &run->before);
    for (size_t i = 0; i < run->script->count; i++)
        if (!run_entry(run, &run->script->entries[i], err)) return false;
    return stop(run, err);
}

static bool prepare(struct run *run, struct run_paths *paths, struct err *err) {
    const struct run_options *options = run->options;
    uint64_t began = clock_realtime();
    struct client_settings settings = {
        .timeout = options->timeout, .tick = run_tick, .context = run};
    run->skills = (struct skills_folder){
        .samples = options->samples, .distinct = options->distinct, .lock = -1};
    run->routes = (struct routes){options->address, options->legacy};
    return kernel_parse_address(options->address, &settings.server, err) &&
           check_samples(run, err) && run_paths_make(run, paths, began, err) &&
           client_new(&settings, &run->client, err) &&
           (run->log = runlog_create(options->logs, began, err)) != NULL;
}

int run_script(const struct run_options *options, const struct script *script) {
    struct run run = {.options = options, .script = script, .kernel.log = -1, .skills.lock = -1};
    struct run_paths paths = {0};
    struct err err, closing;
    progress_begin(&run.progress, script->count + 1);
    client_connections_max(); /* raises the limit of open files, for the kernel too */
    bool good = prepare(&run, &paths, &err) && execute(&run, &paths, &err);
    if (!good && run.stopped.text[0]) err = run.stopped;
    kernel_close(&run.kernel);
    client_free(run.client);
    free(run.took);
    char path[RUN_PATH] = "";
    if (run.log) snprintf(path, sizeof path, "%s", runlog_path(run.log));
    if (!good) progress_error(&run.progress, err.text);
    if (!runlog_close(run.log, !good, &closing)) {
        progress_error(&run.progress, closing.text);
        good = false;
    }
    run_paths_end(&paths);
    skills_folder_end(&run.skills);
    if (good) path[strlen(path) - strlen("_failed")] = '\0';
    if (path[0]) progress_say(&run.progress, "log: %s", path);
    if (run.failed) {
        err_set(&err, ERR_IO,
                "%" PRIu64 " failed where nothing may fail (a command that may is marked by !)",
                run.failed);
        progress_error(&run.progress, err.text);
    }
    return good && !run.failed ? 0 : 1;
}
