/* cache: what it refuses to open, what it throws away, what is left when a step fails or the
 * process is killed at it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cache/cache_internal.h"
#include "support/folder.h"

static struct err err;

static int teardown(void **state) {
    cache_fault = NULL;
    return folder_remove(state);
}

static struct cache *open_at(const char *path) {
    struct cache *cache;
    if (!cache_open(path, "link-1", "engine-1", &cache, &err)) fail_msg("%s", err.text);
    return cache;
}

static struct cache *open_cache(void) {
    return open_at(in_folder("c"));
}

static void refused(const char *path, const char *part) {
    struct cache *cache;
    if (cache_open(path, "link-1", "engine-1", &cache, &err)) {
        cache_close(cache);
        fail_msg("%s was opened", path);
    }
    if (strstr(err.text, part) == NULL) fail_msg("'%s' has no '%s'", err.text, part);
}

static unsigned count_files(void) {
    unsigned count = 0;
    DIR *listing = opendir(in_folder("c"));
    assert_non_null(listing);
    for (struct dirent *item; (item = readdir(listing)) != NULL;) count += item->d_name[0] != '.';
    closedir(listing);
    return count;
}

static unsigned open_descriptors(void) {
    unsigned count = 0;
    DIR *listing = opendir("/proc/self/fd");
    while (readdir(listing) != NULL) count++;
    closedir(listing);
    return count;
}

/* ---- the directory */

static void made_with_its_parents(void **state) {
    (void)state;
    struct stat stat_;
    mode_t before = umask(0);
    cache_close(open_at(in_folder("a/b/c")));
    umask(before);
    assert_int_equal(stat(in_folder("a/b/c"), &stat_), 0);
    assert_int_equal(stat_.st_mode & 07777, 0700);
    assert_int_equal(stat(in_folder("a"), &stat_), 0);
    assert_int_equal(stat_.st_mode & 07777, 0700);
    cache_close(open_at(in_folder("a/b/c/"))); /* again, and with a slash */
    cache_close(open_at(in_folder("a//b/c//")));
}

static void directories_refused(void **state) {
    (void)state;
    assert_int_equal(mkdir(in_folder("real"), 0700), 0);
    assert_int_equal(symlink("real", in_folder("link")), 0);
    refused(in_folder("link"), "is a symbolic link or not a directory");
    refused(in_folder("link/"),
            "is a symbolic link or not a directory"); /* a slash would have it followed */
    refused(in_folder("link//"), "is a symbolic link or not a directory");
    folder_put("file", "");
    refused(in_folder("file"), "is a symbolic link or not a directory");
    refused(in_folder("file/c"), "cannot make the cache directory");
    refused("", "empty");
    assert_int_equal(chmod(in_folder("real"), 0770), 0);
    refused(in_folder("real"), "can be written by others (mode 0770)");
    assert_int_equal(chmod(in_folder("real"), 0702), 0);
    refused(in_folder("real"), "Remedy: chmod 0700");
    assert_int_equal(chmod(in_folder("real"), 0755), 0);
    cache_close(open_at(in_folder("real")));
    if (geteuid() != 0) return;
    assert_int_equal(chown(in_folder("real"), 12345, 0), 0);
    refused(in_folder("real"), "belongs to user 12345");
}

static void leftovers(void **state) {
    (void)state;
    struct timespec old[2] = {{.tv_sec = time(NULL) - 7200}, {.tv_sec = time(NULL) - 7200}};
    cache_close(open_cache());
    static const char *const names[] = {"c/tmp-1-old", "c/tmp-2-young", "c/other"};
    for (int i = 0; i < 3; i++) {
        folder_put(names[i], "");
        if (i != 1) assert_int_equal(utimensat(AT_FDCWD, in_folder(names[i]), old, 0), 0);
    }
    cache_close(open_cache());
    assert_int_equal(access(in_folder("c/tmp-1-old"), F_OK), -1);
    assert_int_equal(access(in_folder("c/tmp-2-young"), F_OK), 0);
    assert_int_equal(access(in_folder("c/other"), F_OK), 0);
}

/* ---- artefacts */

static bool make(struct cache *cache, enum artefact_kind kind, const char *text, size_t size,
                 struct artefact *artefact, bool named) {
    struct cache_file file = {.fd = -1};
    bool good = named ? cache_create_named(cache, &file, &err) : cache_create(cache, &file, &err);
    if (!good) return false;
    assert_int_equal(write(file.fd, text, strlen(text)), strlen(text));
    assert_int_equal(ftruncate(file.fd, (off_t)size), 0);
    good = cache_seal(cache, &file, kind, artefact, &err);
    cache_discard(cache, &file);
    cache_discard(cache, &file);
    return good;
}

static bool there(struct cache *cache, enum artefact_kind kind, const struct artefact *artefact) {
    int fd = cache_open_artefact(cache, kind, artefact);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static const char *path_of(const struct artefact *artefact, const char *suffix) {
    char hex[DIGEST_HEX], name[100];
    digest_hex(&artefact->sha256, hex);
    snprintf(name, sizeof name, "c/%s%s", hex, suffix);
    return in_folder(name);
}

static void sealed(void **state) {
    (void)state;
    struct cache *cache = open_cache();
    struct artefact artefact;
    struct stat stat_;
    unsigned before = open_descriptors();
    for (int named = 0; named < 2; named++) {
        assert_true(make(cache, ARTEFACT_CODE, "code", 4, &artefact, named));
        struct digest expected = digest_of("code", 4);
        assert_memory_equal(&artefact.sha256, &expected, sizeof expected);
        assert_int_equal(artefact.size, 4);
        assert_true(there(cache, ARTEFACT_CODE, &artefact));
        assert_false(there(cache, ARTEFACT_NAMES, &artefact));
        assert_int_equal(stat(path_of(&artefact, ".wasm"), &stat_), 0);
        assert_int_equal(stat_.st_mode & 07777, 0400);
        assert_int_equal(stat_.st_nlink, 1);
        assert_int_equal(count_files(), 1); /* the second found the first's */
    }
    assert_true(make(cache, ARTEFACT_NAMES, "", 0, &artefact, false));
    assert_true(there(cache, ARTEFACT_NAMES, &artefact));
    assert_int_equal(open_descriptors(), before);
    cache_close(cache);
}

/* As on a file system without O_TMPFILE. */
static void sealed_from_a_name(void **state) {
    (void)state;
    struct cache *cache = open_cache();
    struct cache_file file, unused;
    struct artefact artefact;
    for (int round = 0; round < 2; round++) { /* the second finds the first one's file */
        assert_true(cache_create_named(cache, &file, &err));
        assert_true(cache_create_named(cache, &unused, &err));
        assert_int_equal(write(file.fd, "text", 4), 4);
        assert_true(cache_seal(cache, &file, ARTEFACT_NAMES, &artefact, &err));
        cache_discard(cache, &file);
        cache_discard(cache, &unused);
        assert_int_equal(count_files(), 1);
        assert_true(there(cache, ARTEFACT_NAMES, &artefact));
    }
    cache_close(cache);
}

static void removed_while_in_use(void **state) {
    (void)state;
    struct cache *cache = open_cache();
    struct artefact artefact;
    unsigned before = open_descriptors();
    assert_int_equal(rmdir(in_folder("c")), 0);
    assert_true(make(cache, ARTEFACT_NAMES, "names", 5, &artefact, false));
    assert_true(there(cache, ARTEFACT_NAMES, &artefact));
    assert_int_equal(open_descriptors(), before);
    cache_close(cache);
    cache = open_cache(); /* it is there under the directory's name */
    assert_true(there(cache, ARTEFACT_NAMES, &artefact));
    assert_int_equal(unlink(path_of(&artefact, ".names")), 0);
    assert_int_equal(rmdir(in_folder("c")), 0);
    assert_int_equal(symlink("/tmp", in_folder("c")), 0); /* what would not be taken at the start */
    assert_false(make(cache, ARTEFACT_NAMES, "names", 5, &artefact, false));
    assert_non_null(strstr(err.text, "is a symbolic link"));
    cache_close(cache);
}

/* Images are named without their zeros; but two that differ in their size only are two. */
static void images_of_different_size(void **state) {
    (void)state;
    struct cache *cache = open_cache();
    struct artefact small, large, none, moved;
    assert_true(make(cache, ARTEFACT_IMAGE, "data", 65536, &small, false));
    assert_true(make(cache, ARTEFACT_IMAGE, "data", 4 * 65536, &large, false));
    assert_true(make(cache, ARTEFACT_IMAGE, "", 0, &none, false));
    assert_true(make(cache, ARTEFACT_IMAGE, "", 65536, &moved, false));
    assert_true(there(cache, ARTEFACT_IMAGE, &small));
    assert_true(there(cache, ARTEFACT_IMAGE, &large));
    assert_true(there(cache, ARTEFACT_IMAGE, &none));
    assert_true(there(cache, ARTEFACT_IMAGE, &moved));
    assert_int_equal(count_files(), 4);
    cache_close(cache);
}

/* The sums do not see holes, whatever the file system does with zeros. */
static void holes_and_zeros_are_alike(void **state) {
    (void)state;
    uint64_t sums[2];
    struct digest digests[2];
    static char zeros[300000];
    for (int i = 0; i < 2; i++) {
        int fd = open(in_folder("f"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (i == 1) assert_int_equal(pwrite(fd, zeros, sizeof zeros, 0), sizeof zeros);
        assert_int_equal(pwrite(fd, "x", 1, 200000), 1);
        assert_int_equal(ftruncate(fd, 300000), 0);
        assert_true(cache_sum(fd, 300000, true, &sums[i], &digests[i]));
        close(fd);
    }
    assert_true(sums[0] == sums[1]);
    assert_memory_equal(&digests[0], &digests[1], sizeof *digests);
}

/* Replace what is in the cache by `size` bytes of `text` (NULL: remove it) and make it anew through
 * a cache that has seen nothing. */
static void spoil(const struct artefact *artefact, const char *text, mode_t mode) {
    const char *path = path_of(artefact, ".cwasm");
    assert_int_equal(unlink(path), 0);
    file_write(path, text, strlen(text));
    assert_int_equal(chmod(path, mode), 0);
}

static void bad_artefacts(void **state) {
    (void)state;
    struct cache *cache = open_cache();
    struct artefact artefact;
    static const struct {
        const char *text;
        mode_t mode;
    } cases[] = {{"compile", 0400},  {"", 0400},         {"compiled-and-more", 0400},
                 {"Compiled", 0400}, {"compiled", 0460}, {"compiled", 0402}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(make(cache, ARTEFACT_COMPILED, "compiled", 8, &artefact, false));
        assert_true(there(cache, ARTEFACT_COMPILED, &artefact));
        spoil(&artefact, cases[i].text, cases[i].mode);
        if (there(cache, ARTEFACT_COMPILED, &artefact)) fail_msg("bad file %zu was taken", i);
        assert_int_equal(access(path_of(&artefact, ".cwasm"), F_OK), -1); /* gone */
        spoil((assert_true(make(cache, ARTEFACT_COMPILED, "compiled", 8, &artefact, false)),
               &artefact),
              cases[i].text, cases[i].mode);
        assert_true(make(cache, ARTEFACT_COMPILED, "compiled", 8, &artefact,
                         false)); /* the maker meets it: the same */
        assert_true(there(cache, ARTEFACT_COMPILED, &artefact));
    }
    const char *path = path_of(&artefact, ".cwasm");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(there(cache, ARTEFACT_COMPILED, &artefact));
    assert_int_equal(mkfifo(path, 0400), 0); /* the link is gone; a FIFO does not block */
    assert_false(there(cache, ARTEFACT_COMPILED, &artefact));
    assert_int_equal(access(path, F_OK), -1);
    if (geteuid() == 0) {
        assert_true(make(cache, ARTEFACT_COMPILED, "compiled", 8, &artefact, false));
        assert_int_equal(chown(path, 12345, 0), 0);
        assert_false(there(cache, ARTEFACT_COMPILED, &artefact));
    }
    cache_close(cache);
}

/* Changed in place after it was checked: the change time gives it away. */
static void checked_once_but_not_blindly(void **state) {
    (void)state;
    struct cache *cache = open_cache();
    struct artefact artefact;
    assert_true(make(cache, ARTEFACT_COMPILED, "compiled", 8, &artefact, false));
    assert_true(there(cache, ARTEFACT_COMPILED, &artefact));
    usleep(20000);
    const char *path = path_of(&artefact, ".cwasm");
    assert_int_equal(chmod(path, 0600), 0);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "X", 1, 3), 1);
    close(fd);
    assert_false(there(cache, ARTEFACT_COMPILED, &artefact));
    cache_close(cache);
}

/* ---- manifests */

static void fill_manifests(struct skill_manifest *skill, struct code_manifest *code) {
    memset(skill, 0, sizeof *skill);
    memset(code, 0, sizeof *code);
    memset(skill->component.bytes, 1, DIGEST_SIZE);
    memset(code->code.bytes, 2, DIGEST_SIZE);
    skill->facts.data_in_image = true;
}

static void manifests(void **state) {
    (void)state;
    static struct skill_manifest skill, skill_back;
    struct code_manifest code, code_back;
    struct cache *cache = open_cache(), *other;
    char name[200], hex[DIGEST_HEX];
    fill_manifests(&skill, &code);
    assert_false(cache_find_skill(cache, &skill.component, &skill_back));
    assert_true(cache_add_skill(cache, &skill, &err) && cache_add_skill(cache, &skill, &err) &&
                cache_add_code(cache, &code, &err));
    assert_int_equal(count_files(), 2);
    assert_true(cache_find_skill(cache, &skill.component, &skill_back) &&
                cache_find_code(cache, &code.code, &code_back));
    assert_true(cache_open(in_folder("c"), "link-2", "engine-2", &other,
                           &err)); /* another version sees nothing of it */
    assert_false(cache_find_skill(other, &skill.component, &skill_back) ||
                 cache_find_code(other, &code.code, &code_back));
    cache_close(other);
    digest_hex(&skill.component, hex);
    snprintf(name, sizeof name, "c/%s-link-1.skill", hex);
    assert_int_equal(truncate(in_folder(name), 20), 0);
    assert_false(cache_find_skill(cache, &skill.component, &skill_back));
    assert_int_equal(access(in_folder(name), F_OK), -1);
    memset(skill.component.bytes, 3,
           DIGEST_SIZE); /* a manifest under the name of another component */
    assert_true(cache_add_skill(cache, &skill, &err));
    digest_hex(&skill.component, hex);
    char from[500];
    snprintf(from, sizeof from, "%s/c/%s-link-1.skill", folder, hex);
    assert_int_equal(rename(from, in_folder(name)), 0);
    memset(skill.component.bytes, 1, DIGEST_SIZE);
    assert_false(cache_find_skill(cache, &skill.component, &skill_back));
    assert_int_equal(access(in_folder(name), F_OK), -1);
    cache_forget_code(cache, &code.code);
    assert_false(cache_find_code(cache, &code.code, &code_back));
    assert_int_equal(count_files(), 0);
    cache_close(cache);
}

/* ---- failing and dying at each step */

static const char *const steps[] = {"create", "write",  "chmod",         "fsync",
                                    "link",   "rename", "sync-directory"};
static const char *fault_step;
static bool fault_kills;
static unsigned fault_hits;

static int fault(const char *step) {
    if (strcmp(step, fault_step) != 0) return 0;
    fault_hits++;
    if (fault_kills) _exit(42);
    return ENOSPC;
}

static bool make_all(struct cache *cache, struct artefact *artefact) {
    static struct skill_manifest skill;
    struct code_manifest code;
    fill_manifests(&skill, &code);
    if (!make(cache, ARTEFACT_COMPILED, "compiled", 8, artefact, false)) return false;
    code.compiled = *artefact;
    return cache_add_code(cache, &code, &err) && cache_add_skill(cache, &skill, &err);
}

static void a_step_fails(void **state) {
    (void)state;
    struct cache *cache = open_cache();
    struct artefact artefact;
    unsigned before = open_descriptors();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        fault_step = steps[i], fault_kills = false, fault_hits = 0;
        cache_fault = fault;
        bool good = make_all(cache, &artefact);
        cache_fault = NULL;
        assert_true(fault_hits > 0);
        assert_int_equal(good, strcmp(steps[i], "sync-directory") ==
                                   0); /* that one is only told to the log */
        if (!good &&
            (strstr(err.text, "No space left") == NULL || strstr(err.text, folder) == NULL))
            fail_msg("%s: %s", steps[i], err.text);
        assert_int_equal(open_descriptors(), before);
        unsigned temporary = 0;
        DIR *listing = opendir(in_folder("c"));
        for (struct dirent *item; (item = readdir(listing)) != NULL;)
            temporary += strncmp(item->d_name, "tmp-", 4) == 0;
        closedir(listing);
        assert_int_equal(temporary, 0);
    }
    assert_true(make_all(cache, &artefact));
    cache_close(cache);
}

/* The process ends at each step: the next start has whole files or none, and makes what is missing.
 */
static void killed_at_a_step(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct artefact artefact;
        static struct skill_manifest skill, skill_back;
        struct code_manifest code, code_back;
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            fault_step = steps[i], fault_kills = true;
            cache_fault = fault;
            struct cache *cache;
            if (cache_open(in_folder("c"), "link-1", "engine-1", &cache, &err))
                make_all(cache, &artefact);
            _exit(1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), 42);
        struct cache *cache = open_cache();
        fill_manifests(&skill, &code);
        if (cache_find_code(cache, &code.code, &code_back))
            assert_true(there(cache, ARTEFACT_COMPILED, &code_back.compiled));
        assert_true(make_all(cache, &artefact));
        assert_true(there(cache, ARTEFACT_COMPILED, &artefact));
        assert_true(cache_find_code(cache, &code.code, &code_back) &&
                    cache_find_skill(cache, &skill.component, &skill_back));
        cache_forget_code(cache, &code.code);
        cache_forget_skill(cache, &skill.component);
        unlink(path_of(&artefact, ".cwasm"));
        cache_close(cache);
    }
}

/* ---- two at once */

static void *make_many(void *argument) {
    struct cache *cache = argument;
    struct artefact artefact;
    for (int i = 0; i < 200; i++) {
        struct cache_file file;
        struct err ignored;
        char text[20];
        snprintf(text, sizeof text, "text %d", i % 10);
        if (!cache_create(cache, &file, &ignored)) return (void *)"create";
        if (write(file.fd, text, strlen(text)) < 0) return (void *)"write";
        if (!cache_seal(cache, &file, ARTEFACT_NAMES, &artefact, &ignored)) return (void *)"seal";
        cache_discard(cache, &file);
        int fd = cache_open_artefact(cache, ARTEFACT_NAMES, &artefact);
        if (fd < 0) return (void *)"open";
        close(fd);
    }
    return NULL;
}

static void two_on_one_directory(void **state) {
    (void)state;
    struct cache *caches[2] = {open_cache(), open_cache()};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, caches[i % 2]), 0);
    for (int i = 0; i < 4; i++) {
        void *problem;
        pthread_join(threads[i], &problem);
        if (problem != NULL) fail_msg("%s failed", (char *)problem);
    }
    assert_int_equal(count_files(), 10);
    cache_close(caches[0]);
    cache_close(caches[1]);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, folder_make, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH(made_with_its_parents),
        WITH(directories_refused),
        WITH(leftovers),
        WITH(sealed),
        WITH(sealed_from_a_name),
        WITH(removed_while_in_use),
        WITH(images_of_different_size),
        WITH(holes_and_zeros_are_alike),
        WITH(bad_artefacts),
        WITH(checked_once_but_not_blindly),
        WITH(manifests),
        WITH(a_step_fails),
        WITH(killed_at_a_step),
        WITH(two_on_one_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
