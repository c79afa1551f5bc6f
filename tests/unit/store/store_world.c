#include "store_world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "component/component.h"
#include "load/child.h"
#include "support/fixture.h"
#include "support/folder.h"

struct world world;
struct engine *world_engine;
struct err world_err;
bool world_without_inotify;

static uint8_t *good;
static size_t good_size;

/* ---- in the child, after it has given up its rights: --wrap=component_decode */

bool __real_component_decode(const uint8_t *bytes, size_t size, struct arena *arena,
                             struct component *component, struct err *err);
bool __wrap_component_decode(const uint8_t *bytes, size_t size, struct arena *arena,
                             struct component *component, struct err *err);

static void take_memory(void) {
    for (;;) {
        void *piece = malloc(64 << 20);
        if (piece == NULL) {
            fprintf(stderr, "memory allocation of %d bytes failed\n", 64 << 20);
            abort();
        }
    }
}

/* What is left of a process's rights, for the parent's eyes. */
static bool tell_rights(struct err *err) {
    struct rlimit files, core, size;
    char path[100], link[100];
    unsigned open = 0;
    for (int fd = 0; fd < 100; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        open += fcntl(fd, F_GETFD) >= 0;
    }
    getrlimit(RLIMIT_NOFILE, &files), getrlimit(RLIMIT_CORE, &core), getrlimit(RLIMIT_FSIZE, &size);
    return err_set(err, ERR_INVALID,
                   "open %u nofile %u core %u fsize %u new %d dump %d cwd %s env %d", open,
                   (unsigned)files.rlim_cur, (unsigned)core.rlim_cur,
                   (unsigned)(size.rlim_cur >> 30), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
                   prctl(PR_GET_DUMPABLE), getcwd(link, sizeof link), environ[0] != NULL);
}

/* Beside the log of the store's process. */
static bool is_held(pid_t store) {
    char path[100];
    snprintf(path, sizeof path, "/tmp/test_store.%d.held", (int)store);
    return access(path, F_OK) == 0;
}

static void take_time(void) {
    if (!is_held(getppid())) usleep(400000);
    while (is_held(getppid())) usleep(1000);
}

static bool mode_of(const char *word, struct err *err) {
    if (strcmp(word, "slow") == 0) take_time();
    if (strcmp(word, "hang") == 0) pause();
    if (strcmp(word, "spin") == 0)
        for (volatile unsigned i = 0;; i++) {
        }
    if (strcmp(word, "segv") == 0) signal(SIGSEGV, SIG_DFL), raise(SIGSEGV);
    if (strcmp(word, "late") == 0) take_time(), fprintf(stderr, "no more\n"), _exit(17);
    if (strcmp(word, "exit") == 0) fprintf(stderr, "no more\n"), _exit(17);
    if (strcmp(word, "zero") == 0) _exit(0);
    if (strcmp(word, "kill") == 0) raise(SIGKILL);
    if (strcmp(word, "memory") == 0) take_memory();
    if (strcmp(word, "file") == 0) return ftruncate(4, (off_t)1 << 40) == 0 && false;
    if (strcmp(word, "flood") == 0)
        for (;;) fprintf(stderr, "words and words and words\n");
    if (strcmp(word, "rights") == 0) return tell_rights(err);
    return true;
}

bool __wrap_component_decode(const uint8_t *bytes, size_t size, struct arena *arena,
                             struct component *component, struct err *err) {
    char word[16] = "";
    for (size_t i = 1; i < sizeof word && i <= size; i++)
        if (bytes[size - i] == '!') {
            memcpy(word, bytes + size - i + 1, i - 1);
            break;
        }
    if (!mode_of(word, err)) return false;
    return __real_component_decode(bytes, size, arena, component, err);
}

/* A child leaves a letter in its parent's log. */
static void count_child(int argc, char **argv) {
    char path[100], letter = '?';
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--stage=", 8) == 0) letter = argv[i][8] == 'l' ? 'L' : 'C';
    snprintf(path, sizeof path, "/tmp/test_store.%d.log", (int)getppid());
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd >= 0 && write(fd, &letter, 1) == 1) close(fd);
}

/* Where inotify is not to be had. */
int inotify_init1(int flags) {
    if (world_without_inotify) {
        errno = EMFILE;
        return -1;
    }
    return (int)syscall(SYS_inotify_init1, flags);
}

/* ---- files */

const char *skill_path(const char *name) {
    static _Thread_local char paths[4][300];
    static _Thread_local unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s.wasm", world.skills, name);
    return path;
}

void put_bytes(const char *name, const void *bytes, size_t size) {
    file_write(skill_path(name), bytes, size);
}

const uint8_t *good_bytes(size_t *size) {
    *size = good_size;
    return good;
}

uint8_t *good_with(const char *word, size_t *size) {
    size_t length = word != NULL ? strlen(word) : 0;
    uint8_t *bytes = malloc(good_size + length + 5), *at = bytes + good_size;
    assert_non_null(bytes);
    memcpy(bytes, good, good_size);
    *size = good_size;
    if (word == NULL) return bytes;
    *at++ = 0;                     /* custom section */
    *at++ = (uint8_t)(length + 3); /* its size */
    *at++ = 1, *at++ = 'x', *at++ = '!';
    memcpy(at, word, length);
    *size += length + 5;
    return bytes;
}

void put_good(const char *name, const char *word) {
    size_t size;
    uint8_t *bytes = good_with(word, &size);
    put_bytes(name, bytes, size);
    free(bytes);
}

void put_text(const char *name, const char *text) {
    put_bytes(name, text, strlen(text));
}

void put_renamed(const char *name, const char *word) {
    char other[400];
    size_t size;
    uint8_t *bytes = good_with(word, &size);
    snprintf(other, sizeof other, "%s/.%s.part", world.skills, name);
    file_write(other, bytes, size);
    free(bytes);
    assert_int_equal(rename(other, skill_path(name)), 0);
}

void take_away(const char *name) {
    assert_int_equal(unlink(skill_path(name)), 0);
}

void hold(void) {
    file_write(world.held, "", 0);
}

void let_go(void) {
    assert_int_equal(unlink(world.held), 0);
}

/* ---- questions */

static void answered(struct skill_request *request) {
    atomic_store(&((struct ask *)request)->done, true);
}

struct ask *ask_for(const char *name) {
    struct ask *ask = calloc(1, sizeof *ask);
    assert_non_null(ask);
    ask->request.done = answered;
    ask->answer = skill_store_get(world.store, str_of("dev"), str_of(name), &ask->request);
    if (ask->answer != SKILL_PENDING) atomic_store(&ask->done, true);
    return ask;
}

void wait_for(struct ask *ask) {
    for (unsigned i = 0; !atomic_load(&ask->done); i++) {
        if (i > 60000) fail_msg("no answer");
        usleep(1000);
    }
}

void end_ask(struct ask *ask) {
    wait_for(ask);
    skill_release(ask->request.skill);
    free(ask);
}

struct skill *load_good(const char *name) {
    struct ask *ask = ask_for(name);
    wait_for(ask);
    if (ask->request.skill == NULL)
        fail_msg("%s: %d %s", name, ask->answer, ask->request.error.text);
    struct skill *skill = skill_retain(ask->request.skill);
    end_ask(ask);
    return skill;
}

void becomes_good(const char *name) {
    for (int i = 0;; i++) {
        struct ask *ask = ask_for(name);
        wait_for(ask);
        bool loaded = ask->request.skill != NULL;
        if (!loaded && i > 2000) fail_msg("%s: %d %s", name, ask->answer, ask->request.error.text);
        end_ask(ask);
        if (loaded) return;
        usleep(5000);
    }
}

void load_fails(const char *name, const char *part) {
    struct ask *ask = ask_for(name);
    wait_for(ask);
    assert_int_equal(ask->answer, SKILL_PENDING);
    assert_null(ask->request.skill);
    const char *text = ask->request.error.text;
    if (strncmp(text, "Error loading skill: ", 21) != 0 || strstr(text, part) == NULL)
        fail_msg("'%s' has no '%s'", text, part);
    end_ask(ask);
}

/* ["dev/a","dev/b"] to a,b */
static const char *names_of(bool only_cached) {
    static char names[5000];
    struct buf json;
    char *out = names;
    buf_init(&json, sizeof names);
    if (only_cached)
        skill_store_list_cached(world.store, &json);
    else
        skill_store_list(world.store, &json);
    const char *text = buf_cstr(&json);
    assert_non_null(text);
    for (const char *at = text; *at != '\0'; at++) {
        if (strncmp(at, "\"dev/", 5) == 0)
            at += 4;
        else if (*at != '[' && *at != ']' && *at != '"')
            *out++ = *at;
    }
    *out = '\0';
    buf_free(&json);
    return names;
}

static uint64_t becomes(const char *names, bool only_cached, unsigned ms) {
    uint64_t begin = clock_monotonic();
    while (strcmp(names_of(only_cached), names) != 0) {
        if (clock_monotonic() - begin > ms * CLOCK_MS)
            fail_msg("'%s' instead of '%s'", names_of(only_cached), names);
        usleep(500);
    }
    return clock_monotonic() - begin;
}

uint64_t listed(const char *names, unsigned ms) {
    return becomes(names, false, ms);
}

uint64_t cached(const char *names, unsigned ms) {
    return becomes(names, true, ms);
}

enum entry_state world_state(const char *name) {
    pthread_mutex_lock(&world.store->lock);
    struct entry *entry = store_find(world.store, &world.store->namespaces[0], str_of(name));
    enum entry_state state = entry != NULL ? entry->state : ENTRY_GONE;
    pthread_mutex_unlock(&world.store->lock);
    return state;
}

unsigned children(char stage) {
    char text[10000];
    unsigned count = 0;
    int fd = open(world.log, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, text, sizeof text);
    close(fd);
    for (ssize_t i = 0; i < size; i++) count += text[i] == stage;
    return count;
}

/* ---- life */

static void dropped(void *context, struct engine_image *image) {
    (void)context;
    assert_non_null(image);
    atomic_fetch_add(&world.images_dropped, 1);
}

int world_begin(void **state) {
    if (folder_make(state) != 0) return 1;
    memset(&world, 0, sizeof world);
    world_without_inotify = false;
    snprintf(world.skills, sizeof world.skills, "%s/skills", folder);
    snprintf(world.cache, sizeof world.cache, "%s/cache", folder);
    snprintf(world.log, sizeof world.log, "/tmp/test_store.%d.log", (int)getpid());
    snprintf(world.held, sizeof world.held, "/tmp/test_store.%d.held", (int)getpid());
    mkdir(world.skills, 0755);
    file_write(world.log, "", 0);
    world.namespaces[0] = (struct skill_namespace){"dev", world.skills};
    world.settings = (struct skill_store_settings){.namespaces = world.namespaces,
                                                   .namespace_count = 1,
                                                   .cache_dir = world.cache,
                                                   .program = "/proc/self/exe",
                                                   .update_interval = 60 * CLOCK_S,
                                                   .loaders = 2,
                                                   .compile_memory = UINT64_C(4) << 30,
                                                   .compile_time = 100 * CLOCK_S,
                                                   .image_dropped = dropped};
    return 0;
}

int world_end(void **state) {
    if (world.store != NULL) world_stop();
    unlink(world.log);
    unlink(world.held); /* after a test that failed */
    return folder_remove(state);
}

void world_start(void) {
    if (!skill_store_new(world_engine, &world.settings, &world.store, &world_err) ||
        !skill_store_start(world.store, &world_err))
        fail_msg("%s", world_err.text);
}

void world_stop(void) {
    skill_store_stop(world.store);
    skill_store_free(world.store);
    world.store = NULL;
}

void world_restart(void) {
    world_stop();
    world_start();
}

int world_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count) {
    if (argc > 1 && strcmp(argv[1], "compile") == 0) {
        count_child(argc, argv);
        return load_child_main(argc, argv);
    }
    struct engine_settings settings;
    engine_settings_default(&settings);
    if (argc < 2 || !engine_new(&settings, &world_engine, &world_err)) {
        fprintf(stderr, "usage: %s COMPONENT; %s\n", argv[0], world_err.text);
        return 2;
    }
    good = fixture_read(argv[1], &good_size);
    int failed = _cmocka_run_group_tests("store", tests, count, NULL, NULL);
    engine_free(world_engine);
    free(good);
    return failed;
}
