/* store: requests, loads that are shared, errors that are kept, what children may do, what the
 * cache saves. */
#include "store_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- answers */

static void answers(void **state) {
    (void)state;
    put_good("greet", NULL);
    world_start();
    struct ask ask = {0};
    assert_int_equal(skill_store_get(world.store, str_of("dev"), str_of("other"), &ask.request),
                     SKILL_UNKNOWN);
    assert_int_equal(skill_store_get(world.store, str_of("def"), str_of("greet"), &ask.request),
                     SKILL_UNKNOWN);
    assert_int_equal(skill_store_get(world.store, str_of(""), str_of(""), &ask.request),
                     SKILL_UNKNOWN);
    listed("greet", 0);
    cached("", 0);
    struct skill *skill = load_good("greet");
    assert_string_equal(skill->name, "dev/greet");
    assert_int_equal(skill->kind, SKILL_FUNCTION);
    assert_int_equal(skill->world_minor, 3);
    assert_non_null(skill->run);
    assert_ptr_equal(skill->code->interface.exports, skill->run);
    cached("greet", 0);
    struct ask *again = ask_for("greet");
    assert_int_equal(again->answer, SKILL_READY);
    assert_ptr_equal(again->request.skill, skill);
    end_ask(again);
    skill_release(skill);
}

static void many_ask_one_loads(void **state) {
    (void)state;
    struct ask *asks[50];
    put_good("greet", NULL);
    world_start();
    for (int i = 0; i < 50; i++) asks[i] = ask_for("greet");
    for (int i = 0; i < 50; i++) {
        wait_for(asks[i]);
        assert_non_null(asks[i]->request.skill);
        assert_ptr_equal(asks[i]->request.skill, asks[0]->request.skill);
    }
    for (int i = 0; i < 50; i++) end_ask(asks[i]);
    assert_int_equal(children('L'), 1);
    assert_int_equal(children('C'), 1);
}

static void one_file_under_many_names(void **state) {
    (void)state;
    char names[10][10];
    struct ask *asks[10];
    for (int i = 0; i < 10; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        put_good(names[i], i < 5 ? NULL : "other");
    }
    world_start();
    for (int i = 0; i < 10; i++) asks[i] = ask_for(names[i]);
    for (int i = 0; i < 10; i++) {
        wait_for(asks[i]);
        assert_non_null(asks[i]->request.skill);
        /* Two components, one code. */
        assert_ptr_equal(asks[i]->request.skill->code, asks[0]->request.skill->code);
    }
    for (int i = 0; i < 10; i++) end_ask(asks[i]);
    assert_int_equal(children('L'), 2);
    assert_int_equal(children('C'), 1);
}

static void next_start_makes_nothing(void **state) {
    (void)state;
    put_good("greet", NULL);
    world_start();
    skill_release(load_good("greet"));
    world_restart();
    skill_release(load_good("greet"));
    assert_int_equal(children('L') + children('C'), 2);
}

/* ---- bad skills */

static void failures_are_kept(void **state) {
    (void)state;
    put_text("greet", "no component at all");
    world_start();
    load_fails("greet", "not a WebAssembly component");
    unsigned tried = children('L'); /* twice where the file was young at first */
    for (int i = 0; i < 5; i++) load_fails("greet", "not a WebAssembly component");
    assert_int_equal(children('L'), tried);
    assert_false(skill_store_drop(world.store, str_of("dev"),
                                  str_of("greet"))); /* was not loaded, but is tried again */
    load_fails("greet", "not a WebAssembly component");
    assert_int_equal(children('L'), tried + 1);
    put_text("greet", "none either");
    for (int i = 0; i < 2000 && children('L') == tried + 1; i++) { /* until it is noticed */
        load_fails("greet", "not a WebAssembly component");
        usleep(5000);
    }
    assert_true(children('L') > tried + 1);
    put_good("greet", NULL);
    becomes_good("greet");
}

static void failures_are_shared(void **state) {
    (void)state;
    struct ask *asks[4];
    char name[10];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "s%d", i);
        put_good(name, "late");
    }
    world_start();
    hold(); /* until all have asked */
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "s%d", i);
        asks[i] = ask_for(name);
    }
    let_go();
    for (int i = 0; i < 4; i++) {
        wait_for(asks[i]);
        assert_non_null(strstr(asks[i]->request.error.text, "exit code 17: no more"));
        end_ask(asks[i]);
    }
    assert_true(children('L') <= 4); /* twice two: the files were young at first */
    listed("s0,s1,s2,s3", 0);
    cached("", 0);
}

static void truncated(void **state) {
    (void)state;
    size_t size;
    const uint8_t *bytes = good_bytes(&size);
    char name[20];
    for (size_t i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "cut%zu", i);
        put_bytes(name, bytes, size * i / 10);
    }
    world_start();
    for (size_t i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "cut%zu", i);
        struct ask *ask = ask_for(name);
        wait_for(ask);
        assert_null(ask->request.skill);
        assert_true(strlen(ask->request.error.text) > 30);
        end_ask(ask);
    }
    assert_int_equal(children('C'), 0);
}

/* Compiling takes seconds and comes after everything that says no. */
static void imports_are_checked_before_compiling(void **state) {
    (void)state;
    size_t size;
    const uint8_t *good = good_bytes(&size);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    memcpy(bytes, good, size);
    uint8_t *type = memmem(bytes, size, "\4when\x77", 6);
    assert_non_null(type);
    type[5] = 0x78; /* s64 for u64 */
    put_bytes("type", bytes, size);
    memcpy(bytes, good, size);
    for (uint8_t *at; (at = memmem(bytes, size, "wasi:clocks/", 12)) != NULL;)
        memcpy(at, "wasi:klocks/", 12);
    put_bytes("name", bytes, size);
    free(bytes);
    world_start();
    load_fails("type", "rebuild the skill with a released WIT");
    load_fails("name", "wasi:klocks/monotonic-clock@0.2.0: unknown interface");
    assert_int_equal(children('L'), 2);
    assert_int_equal(children('C'), 0);
}

static void children_that_misbehave(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"segv", "ended by signal 11"},
        {"exit", "failed with exit code 17: no more"},
        {"zero", "the linker's facts"},
        {"kill", "killed from outside"},
        {"file", "larger than"},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        {"memory", "wanted more memory than 4096 MiB"},
#endif
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) put_good(cases[i][0], cases[i][0]);
    world_start();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) load_fails(cases[i][0], cases[i][1]);
    put_good("greet", NULL);
    listed("exit,file,greet,kill,"
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
           "memory,"
#endif
           "segv,zero",
           10000);
    skill_release(load_good("greet"));
}

static void children_that_do_not_end(void **state) {
    (void)state;
    static const char *const words[] = {"hang", "spin", "flood"};
    for (int i = 0; i < 3; i++) put_good(words[i], words[i]);
    world.settings.compile_time = 1500 * CLOCK_MS;
    world_start();
    uint64_t begin = clock_monotonic();
    for (int i = 0; i < 3; i++) load_fails(words[i], "ran longer than 1.5 s");
    assert_true(clock_monotonic() - begin < 60 * CLOCK_S);
}

/* Times out of the pauses: what failed at the first try is due. */
static void be_due(const char *name) {
    pthread_mutex_lock(&world.store->lock);
    struct entry *entry = store_find(world.store, &world.store->namespaces[0], str_of(name));
    assert_int_equal(entry->state, ENTRY_FAILED);
    assert_true(entry->retry_at != ENTRY_NEVER);
    entry->retry_at = clock_monotonic();
    pthread_mutex_unlock(&world.store->lock);
}

/* A child that ends by a signal may have been in want of what the machine has again later. */
static void passing_failures_are_tried_again(void **state) {
    (void)state;
    put_good("greet", "segv");
    world_start();
    load_fails("greet", "ended by signal 11");
    unsigned tried = children('L');
    struct ask *ask = ask_for("greet"); /* too early */
    wait_for(ask);
    if (children('L') == tried) {
        assert_in_range(ask->request.retry_after, 1, 2);
        assert_non_null(strstr(ask->request.error.text, "with the first call after"));
    }
    end_ask(ask);
    for (int i = 0; i < 3; i++) {
        be_due("greet");
        tried = children('L');
        load_fails("greet", "ended by signal 11");
        assert_int_equal(children('L'), tried + 1);
    }
    ask = ask_for("greet"); /* the fourth pause, if the test was not away for so long */
    wait_for(ask);
    assert_in_range(ask->request.retry_after, 1, 16);
    end_ask(ask);
    put_good("greet", NULL); /* at once when the file changes */
    becomes_good("greet");
}

/* A version that fails in passing is tried again by the calls that the older one answers. */
static void a_newer_version_is_tried_again(void **state) {
    (void)state;
    put_good("greet", NULL);
    world_start();
    struct skill *old = load_good("greet");
    put_good("greet", "kill");
    for (int i = 0; i < 20000 && world_state("greet") != ENTRY_FAILED; i++) usleep(1000);
    unsigned tried = children('L');
    be_due("greet");
    struct skill *same = load_good("greet");
    assert_ptr_equal(same, old);
    for (int i = 0; i < 20000 && children('L') == tried; i++) usleep(1000);
    assert_int_equal(children('L'), tried + 1);
    skill_release(same);
    skill_release(old);
}

static void children_have_few_rights(void **state) {
    (void)state;
    put_good("rights", "rights");
    world_start();
    load_fails("rights", "open 8 nofile 64 core 0 fsize 4 new 1 dump 0 cwd / env ");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    load_fails("rights", "env 0");
#endif
}

/* ---- drop, stop */

static void dropped(void **state) {
    (void)state;
    put_good("greet", NULL);
    world_start();
    assert_false(skill_store_drop(world.store, str_of("dev"), str_of("greet")));
    struct skill *skill = load_good("greet");
    assert_true(skill_store_drop(world.store, str_of("dev"), str_of("greet")));
    assert_int_equal(world.images_dropped, 1);
    assert_false(skill_store_drop(world.store, str_of("dev"), str_of("greet")));
    assert_false(skill_store_drop(world.store, str_of("dev"), str_of("none")));
    assert_false(skill_store_drop(world.store, str_of("none"), str_of("greet")));
    cached("", 0);
    listed("greet", 0);
    assert_string_equal(skill->name, "dev/greet"); /* whoever has it keeps it */
    struct skill *again = load_good("greet");
    assert_true(again != skill && again->code == skill->code);
    skill_release(skill);
    skill_release(again);
    assert_int_equal(children('L'), 1);
    assert_int_equal(children('C'), 1);
}

/* Codes that no skill uses are let go. */
static void codes_end(void **state) {
    (void)state;
    put_good("greet", NULL);
    world_start();
    skill_release(load_good("greet"));
    assert_non_null(world.store->loads.codes.items);
    assert_true(skill_store_drop(world.store, str_of("dev"), str_of("greet")));
    assert_null(world.store->loads.codes.items);
}

/* Copies of one file share the image, with its slots, until the last of them goes. */
static void images_end(void **state) {
    (void)state;
    put_good("a", NULL), put_good("b", NULL), put_good("c", "other");
    world_start();
    struct skill *a = load_good("a"), *b = load_good("b"), *c = load_good("c");
    assert_ptr_equal(a->image, b->image);
    assert_ptr_not_equal(a->image, c->image);
    assert_true(skill_store_drop(world.store, str_of("dev"), str_of("a")));
    assert_int_equal(world.images_dropped, 0);
    struct skill *again = load_good("a");
    assert_ptr_equal(again->image, b->image);
    skill_release(again);
    assert_true(skill_store_drop(world.store, str_of("dev"), str_of("a")));
    take_away("b");
    listed("a,c", 10000);
    for (int i = 0; i < 10000 && world.images_dropped == 0; i++) usleep(1000); /* told behind it */
    assert_int_equal(world.images_dropped, 1);
    again = load_good("a"); /* the one that is dropped is not taken, though it is still there */
    assert_ptr_not_equal(again->image, b->image);
    skill_release(again);
    assert_true(skill_store_drop(world.store, str_of("dev"), str_of("a")));
    assert_true(skill_store_drop(world.store, str_of("dev"), str_of("c")));
    assert_int_equal(world.images_dropped, 3);
    assert_null(world.store->loads.images.items);
    skill_release(a), skill_release(b), skill_release(c);
}

static void stopped_while_loading(void **state) {
    (void)state;
    enum { ASKS = 12 }; /* more than run, and than those that run wake when they end */
    struct ask *asks[ASKS];
    char name[20];
    for (int i = 0; i < ASKS; i++) {
        snprintf(name, sizeof name, "s%d", i);
        char word[20] = "hang"; /* each a component of its own, so that some wait for a lane */
        put_good(name, word);
        int fd = open(skill_path(name), O_RDWR);
        char byte = (char)('a' + i); /* the name of the custom section */
        off_t end = lseek(fd, 0, SEEK_END);
        assert_int_equal(pwrite(fd, &byte, 1, end - 6), 1);
        close(fd);
    }
    world_start();
    for (int i = 0; i < ASKS; i++) {
        snprintf(name, sizeof name, "s%d", i);
        asks[i] = ask_for(name);
    }
    while (children('L') < 3) usleep(1000);
    usleep(100000); /* the others are parked */
    uint64_t begin = clock_monotonic();
    skill_store_stop(world.store);
    assert_true(clock_monotonic() - begin < 50 * CLOCK_S); /* compile_time is 100 s */
    for (int i = 0; i < ASKS; i++) {
        assert_true(atomic_load(&asks[i]->done));
        assert_int_equal(asks[i]->request.error.kind, ERR_CANCELLED);
        end_ask(asks[i]);
    }
    struct ask *late = ask_for("s0");
    assert_true(late->answer == SKILL_MISCONFIGURED || late->answer == SKILL_PENDING);
    assert_int_equal(late->request.error.kind, ERR_CANCELLED);
    end_ask(late);
}

/* Loads that wait for a lane. */
static unsigned parked(void) {
    unsigned count = 0;
    pthread_mutex_lock(&world.store->loads.lanes.lock);
    for (struct list_link *at = world.store->loads.lanes.waiting.first; at; at = at->next) count++;
    pthread_mutex_unlock(&world.store->loads.lanes.lock);
    return count;
}

static unsigned descriptors(void) {
    DIR *listing = opendir("/proc/self/fd");
    unsigned count = 0;
    assert_non_null(listing);
    while (readdir(listing) != NULL) count++;
    closedir(listing);
    return count;
}

/* All skills may be asked for at once: those that wait for a lane hold no descriptor. */
static void parked_loads_hold_no_descriptor(void **state) {
    (void)state;
    enum { ASKS = 60, CHILDREN = 3, OF_CHILD = 20 };
    struct ask *asks[ASKS];
    char name[20];
    for (int i = 0; i < ASKS; i++) {
        size_t size;
        uint8_t *bytes = good_with("slow", &size);
        bytes[size - 6] = (uint8_t)('0' + i); /* the section's name: each a component of its own */
        snprintf(name, sizeof name, "s%d", i);
        put_bytes(name, bytes, size);
        free(bytes);
    }
    world_start();
    unsigned before = descriptors();
    hold();
    for (int i = 0; i < ASKS; i++) {
        snprintf(name, sizeof name, "s%d", i);
        asks[i] = ask_for(name);
    }
    for (int i = 0; i < 20000 && parked() < ASKS - CHILDREN; i++) usleep(1000);
    assert_int_equal(parked(), ASKS - CHILDREN);
    assert_true(descriptors() <= before + CHILDREN * OF_CHILD);
    let_go();
    for (int i = 0; i < ASKS; i++) {
        wait_for(asks[i]);
        if (asks[i]->request.skill == NULL) fail_msg("%s", asks[i]->request.error.text);
        end_ask(asks[i]);
    }
    assert_true(descriptors() <= before + 5); /* one code */
}

/* ---- the cache between loads */

static void each_file(const char *ending, void (*act)(const char *path)) {
    DIR *listing = opendir(world.cache);
    unsigned count = 0;
    for (struct dirent *item; (item = readdir(listing)) != NULL;) {
        char path[400];
        if (!str_ends(str_of(item->d_name), ending)) continue;
        snprintf(path, sizeof path, "%s/%s", world.cache, item->d_name);
        act(path);
        count++;
    }
    closedir(listing);
    assert_true(count > 0);
}

static void remove_it(const char *path) {
    assert_int_equal(unlink(path), 0);
}

/* As a disk might, not by rewriting: what is mapped stays. */
static void garble(const char *path) {
    char copy[500];
    struct stat stat_buffer;
    assert_int_equal(stat(path, &stat_buffer), 0);
    size_t size = (size_t)stat_buffer.st_size;
    char *bytes = malloc(size + 1);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, size), size);
    close(fd);
    bytes[size / 2] ^= 1;
    snprintf(copy, sizeof copy, "%s.copy", path);
    fd = open(copy, O_WRONLY | O_CREAT, 0400);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
    assert_int_equal(rename(copy, path), 0);
    free(bytes);
}

static void cache_files_go_bad(void **state) {
    (void)state;
    static const char *const endings[] = {".wasm",  ".interface", ".names", ".image",
                                          ".cwasm", ".skill",     ".code"};
    put_good("greet", NULL);
    world_start();
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        for (int way = 0; way < 4; way++) {
            skill_release(load_good("greet"));
            unsigned before = children('L') + children('C');
            each_file(endings[i], way % 2 == 0 ? remove_it : garble);
            if (i == 0) each_file(".code", remove_it); /* linked code is for a compile only */
            if (way < 2)
                assert_true(skill_store_drop(world.store, str_of("dev"), str_of("greet")));
            else
                world_restart();
            skill_release(load_good("greet"));
            assert_true(children('L') + children('C') > before); /* it was made again */
        }
}

/* What a kernel with another linker left: the link is made anew, the code is the same and not
 * compiled again. */
static void another_program(void **state) {
    (void)state;
    char copy[200];
    put_good("greet", NULL);
    world_start();
    skill_release(load_good("greet"));
    world_stop();
    snprintf(copy, sizeof copy, "%s-program", world.cache);
    int from = open("/proc/self/exe", O_RDONLY), to = open(copy, O_WRONLY | O_CREAT, 0755);
    char piece[65536];
    for (ssize_t got; (got = read(from, piece, sizeof piece)) > 0;)
        assert_int_equal(write(to, piece, (size_t)got), got);
    assert_int_equal(write(to, "x", 1), 1);
    close(from), close(to);
    world.settings.program = copy;
    world_start();
    skill_release(load_good("greet"));
    assert_int_equal(children('L'), 2);
    assert_int_equal(children('C'), 1);
    assert_int_equal(unlink(copy), 0);
}

static void settings_refused(void **state) {
    (void)state;
    struct skill_store *store;
    static const char *const bad[] = {"", "-a", "a-", "a--b", "A", "a_b", "a/b", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        world.namespaces[0].name = bad[i];
        assert_false(skill_store_new(world_engine, &world.settings, &store, &world_err));
    }
    world.namespaces[0].name = "a1-b2";
    world.namespaces[1] = world.namespaces[0];
    world.settings.namespace_count = 2;
    assert_false(skill_store_new(world_engine, &world.settings, &store, &world_err));
    assert_non_null(strstr(world_err.text, "twice"));
    world.settings.namespace_count = 1;
    world.settings.program = "/nonexistent";
    assert_false(skill_store_new(world_engine, &world.settings, &store, &world_err));
    world.settings.program = "/proc/self/exe";
    mkdir(world.cache, 0700);
    chmod(world.cache, 0777);
    assert_false(skill_store_new(world_engine, &world.settings, &store, &world_err));
    assert_non_null(strstr(world_err.text, "Remedy: chmod"));
}

/* ---- the hot path */

static void ready_is_cheap(void **state) {
    (void)state;
    enum { CALLS = 200000 };
    put_good("greet", NULL);
    world_start();
    skill_release(load_good("greet"));
    struct skill_request request;
    uint64_t begin = clock_monotonic();
    for (int i = 0; i < CALLS; i++) {
        assert_true(skill_store_get(world.store, str_of("dev"), str_of("greet"), &request) ==
                    SKILL_READY);
        skill_release(request.skill);
    }
    print_message("%.0f ns for a skill that is loaded\n",
                  (double)(clock_monotonic() - begin) / CALLS);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        WITH(answers),
        WITH(many_ask_one_loads),
        WITH(one_file_under_many_names),
        WITH(next_start_makes_nothing),
        WITH(failures_are_kept),
        WITH(failures_are_shared),
        WITH(truncated),
        WITH(imports_are_checked_before_compiling),
        WITH(children_that_misbehave),
        WITH(children_that_do_not_end),
        WITH(passing_failures_are_tried_again),
        WITH(a_newer_version_is_tried_again),
        WITH(children_have_few_rights),
        WITH(dropped),
        WITH(codes_end),
        WITH(images_end),
        WITH(stopped_while_loading),
        WITH(parked_loads_hold_no_descriptor),
        WITH(cache_files_go_bad),
        WITH(another_program),
        WITH(settings_refused),
        WITH(ready_is_cheap),
    };
    return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
