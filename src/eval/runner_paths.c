/* The folders of a run. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eval/kernel_environment.h"
#include "eval/runner.h"

static bool make_folder(const char *path, struct err *err) {
    if (mkdir(path, 0755) == 0 || errno == EEXIST) return true;
    return err_errno(err, errno, "cannot make the folder %s", path);
}

static bool join(char out[RUN_PATH], const char *folder, const char *name, struct err *err) {
    if (snprintf(out, RUN_PATH, "%s/%s", folder, name) < RUN_PATH) return true;
    return err_set(err, ERR_LIMIT, "the path %.100s… is too long", folder);
}

static int remove_one(const char *path, const struct stat *stat_, int type, struct FTW *place) {
    (void)stat_, (void)type, (void)place;
    return remove(path);
}

static void remove_tree(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool run_folder_is_empty(const char *path) {
    DIR *listing = opendir(path);
    bool empty = true;
    if (!listing) return true;
    for (struct dirent *item; empty && (item = readdir(listing));)
        empty = strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0;
    closedir(listing);
    return empty;
}

/* What runs that were killed have left; nobody else works here, the lock is ours. */
static void remove_leftovers(const struct run_paths *paths) {
    DIR *listing = opendir(paths->folder);
    if (!listing) return;
    for (struct dirent *item; (item = readdir(listing));) {
        char path[RUN_PATH];
        struct err ignored;
        if (fnmatch("cache-??????", item->d_name, 0) == 0 &&
            join(path, paths->folder, item->d_name, &ignored))
            remove_tree(path);
    }
    closedir(listing);
}

/* An empty compile cache of its own, or the one that warm runs share. */
static bool make_cache(const struct run_options *options, struct run_paths *paths,
                       struct err *err) {
    remove_leftovers(paths);
    if (!join(paths->cache, paths->folder, options->warm ? "warm-cache" : "cache-XXXXXX", err))
        return false;
    if (options->warm && (mkdir(paths->cache, 0700) == 0 || errno == EEXIST)) return true;
    if (!options->warm && mkdtemp(paths->cache)) return paths->cache_is_mine = true;
    return err_errno(err, errno, "cannot make a compile cache in %s", paths->folder);
}

bool run_paths_make(struct run *run, struct run_paths *paths, uint64_t began, struct err *err) {
    const struct run_options *options = run->options;
    char stamp[RUNLOG_STAMP], name[RUNLOG_STAMP + 16];
    runlog_stamp(began, stamp);
    snprintf(name, sizeof name, "%s_pk.log", stamp);
    if (!make_folder(options->folder, err) || !make_folder(options->logs, err)) return false;
    if (!realpath(options->folder, paths->folder))
        return err_errno(err, errno, "cannot find the folder %s", options->folder);
    run->skills.path = paths->skills;
    return kernel_environment_check(paths->folder, err) &&
           join(paths->skills, paths->folder, "skills", err) &&
           join(paths->kernel_log, options->logs, name, err) &&
           skills_folder_begin(&run->skills, err) && make_cache(options, paths, err);
}

void run_paths_end(const struct run_paths *paths) {
    if (paths->cache_is_mine) remove_tree(paths->cache);
}
