#include "eval/skills_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/must.h"

#define MARKER ".made-by-resource-eval"

enum { PATH_SIZE = 4096 };
#define SAMPLE_MAX (1ull << 30)

/* What all samples say about themselves in their metadata, and what a distinct copy says instead,
 * of the same length. */
static const char literal[] = "Greets a topic; holds memory and waits when asked.";
static const char distinct_format[] = "Greets a topic; this one is copy number %08u .";
_Static_assert(sizeof distinct_format + 4 == sizeof literal, "%08u makes 8 of 4 characters");

static const char *path_of(const struct skills_folder *folder, const char *name, const char *suffix,
                           char out[PATH_SIZE]) {
    int size = snprintf(out, PATH_SIZE, "%s/%s%s", folder->path, name, suffix);
    if (size >= PATH_SIZE) out[0] = '\0'; /* no file has that name: what comes fails */
    return out;
}

/* ---- the folder ---- */

static bool remove_files(const struct skills_folder *folder, struct err *err) {
    DIR *listing = opendir(folder->path);
    if (!listing) return err_errno(err, errno, "cannot list %s", folder->path);
    bool good = true;
    for (struct dirent *item; good && (item = readdir(listing));) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        if (strcmp(item->d_name, MARKER) == 0) continue;
        if (unlinkat(dirfd(listing), item->d_name, 0) == 0 || errno == ENOENT) continue;
        good = err_errno(err, errno, "cannot remove %s/%s", folder->path, item->d_name);
    }
    closedir(listing);
    return good;
}

static bool make_folder(const struct skills_folder *folder, struct err *err) {
    char marker[PATH_SIZE];
    if (mkdir(folder->path, 0755)) return err_errno(err, errno, "cannot make %s", folder->path);
    int fd =
        open(path_of(folder, MARKER, "", marker), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) return err_errno(err, errno, "cannot make %s", marker);
    close(fd);
    return true;
}

/* The lock is the folder's own and goes with the process that has it. */
static bool lock(struct skills_folder *folder, struct err *err) {
    folder->lock = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->lock < 0) return err_errno(err, errno, "cannot open %s", folder->path);
    if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0) return true;
    skills_folder_end(folder);
    return err_set(err, ERR_BUSY,
                   "another run of resource-eval works in %s. Remedy: wait for its end, or choose "
                   "another folder with --folder",
                   folder->path);
}

void skills_folder_end(struct skills_folder *folder) {
    if (folder->lock >= 0) close(folder->lock);
    folder->lock = -1;
}

bool skills_folder_begin(struct skills_folder *folder, struct err *err) {
    struct stat stat_;
    char marker[PATH_SIZE];
    if (lstat(folder->path, &stat_) != 0) return make_folder(folder, err) && lock(folder, err);
    bool ours = S_ISDIR(stat_.st_mode) && lstat(path_of(folder, MARKER, "", marker), &stat_) == 0 &&
                S_ISREG(stat_.st_mode);
    if (!ours)
        return err_set(
            err, ERR_INVALID,
            "%s was not made by resource-eval (it has no " MARKER
            "), so it is not emptied. Remedy: move it away, or choose another folder with "
            "--folder",
            folder->path);
    return lock(folder, err) && remove_files(folder, err);
}

bool skills_folder_has(const struct skills_folder *folder, const char *name) {
    char path[PATH_SIZE];
    return access(path_of(folder, name, ".wasm", path), F_OK) == 0;
}

bool skills_folder_delete(struct skills_folder *folder, const char *name, struct err *err) {
    char path[PATH_SIZE];
    if (unlink(path_of(folder, name, ".wasm", path)) == 0) return true;
    return err_errno(err, errno, "cannot delete %s", path);
}

bool skills_folder_first(const struct skills_folder *folder, char name[SKILL_NAME]) {
    DIR *listing = opendir(folder->path);
    name[0] = '\0';
    if (!listing) return false;
    for (struct dirent *item; (item = readdir(listing));) {
        size_t size = strlen(item->d_name);
        if (item->d_name[0] == '.' || size <= 5 || size >= SKILL_NAME + 4) continue;
        if (strcmp(item->d_name + size - 5, ".wasm") != 0) continue;
        char this[SKILL_NAME];
        snprintf(this, sizeof this, "%.*s", (int)size - 5, item->d_name);
        if (name[0] == '\0' || strcmp(this, name) < 0) memcpy(name, this, sizeof this);
    }
    closedir(listing);
    return name[0] != '\0';
}

/* ---- copies ---- */

static void sample_path(const struct skills_folder *folder, const char *sample,
                        char out[PATH_SIZE]) {
    snprintf(out, PATH_SIZE, "%s/sample_%s.wasm", folder->samples, sample);
}

bool skills_folder_check(const struct skills_folder *folder, const char *sample, struct err *err) {
    char path[PATH_SIZE];
    sample_path(folder, sample, path);
    if (access(path, R_OK) == 0) return true;
    return err_errno(err, errno,
                     "the sample skill %s is missing (remedy: make skills, or give its folder with "
                     "--samples)",
                     path);
}

static bool copy_plain(int from, int to, uint64_t size) {
    while (size) {
        ssize_t put = sendfile(to, from, NULL, size);
        if (put <= 0) return false;
        size -= (uint64_t)put;
    }
    return true;
}

/* With the literal changed wherever it is. */
static bool copy_distinct(int from, int to, uint64_t size, uint32_t number, const char *from_path,
                          struct err *err) {
    char mine[sizeof literal + 32];
    snprintf(mine, sizeof mine, distinct_format, number);
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes) return err_set(err, ERR_MEMORY, "no memory for a copy of the sample");
    bool good = pread(from, bytes, size, 0) == (ssize_t)size;
    unsigned found = 0;
    for (uint8_t *at = bytes;
         good && (at = memmem(at, (size_t)(bytes + size - at), literal, sizeof literal - 1));
         at += sizeof literal - 1, found++)
        memcpy(at, mine, sizeof literal - 1);
    good = good && io_write_all(to, bytes, size);
    free(bytes);
    if (good && !found)
        return err_set(
            err, ERR_UNSUPPORTED,
            "the sample %s does not say \"%s\", so its copies cannot differ. Remedy: run "
            "without --distinct, or build it anew (make skills)",
            from_path, literal);
    return good || err_errno(err, errno, "cannot copy the sample %s", from_path);
}

static bool copy_sample(const struct skills_folder *folder, const char *sample, uint32_t number,
                        const char *to_path, struct err *err) {
    char from_path[PATH_SIZE];
    struct stat stat_;
    sample_path(folder, sample, from_path);
    int from = open(from_path, O_RDONLY | O_CLOEXEC);
    if (from < 0) return err_errno(err, errno, "cannot read the sample %s", from_path);
    int to = open(to_path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    bool good = to >= 0 && fstat(from, &stat_) == 0;
    if (!good)
        err_errno(err, errno, "cannot make %s", to_path);
    else if ((uint64_t)stat_.st_size > SAMPLE_MAX)
        good = err_set(err, ERR_LIMIT, "%s is larger than 1 GiB", from_path);
    else if (folder->distinct)
        good = copy_distinct(from, to, (uint64_t)stat_.st_size, number, from_path, err);
    else if (!copy_plain(from, to, (uint64_t)stat_.st_size))
        good = err_errno(err, errno, "cannot copy %s to %s", from_path, to_path);
    close(from);
    if (to >= 0) close(to);
    return good;
}

static uint32_t next_number(struct skills_folder *folder, const char *sample) {
    int i = 0;
    while (folder->made[i].sample && strcmp(folder->made[i].sample, sample) != 0) i++;
    must(i < SAMPLE_KINDS);
    folder->made[i].sample = sample;
    return ++folder->made[i].copies;
}

bool skills_folder_add(struct skills_folder *folder, const char *sample, char name[SKILL_NAME],
                       struct err *err) {
    char hidden[PATH_SIZE], path[PATH_SIZE];
    uint32_t number = next_number(folder, sample);
    snprintf(name, SKILL_NAME, "sample_%s%u", sample, number);
    path_of(folder, ".being-copied", "", hidden);
    path_of(folder, name, ".wasm", path);
    if (!copy_sample(folder, sample, number, hidden, err)) return false;
    if (rename(hidden, path) == 0) return true;
    return err_errno(err, errno, "cannot rename %s to %s", hidden, path);
}
