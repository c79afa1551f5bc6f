/* store: what becomes of a skill while its file comes, is written, changes, goes; with inotify and
 * without. */
#include "store_world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/folder.h"

/* ms, and not less, for machines are busy: by inotify (a pass is made every 60 s); by a pass. */
enum { SOON = 20000, LATER = 20000 };

/* It is told after the list has changed. */
static void wait_for_drop(void) {
    for (int i = 0; i < 10000 && atomic_load(&world.images_dropped) == 0; i++) usleep(1000);
    assert_int_equal(atomic_load(&world.images_dropped), 1);
}

/* The version that answers after `old`. Both are the caller's. */
static struct skill *wait_for_newer(const char *name, const struct skill *old) {
    for (int i = 0; i < SOON; i++) {
        struct skill *skill = load_good(name);
        if (skill != old) return skill;
        skill_release(skill);
        usleep(1000);
    }
    fail_msg("the older version still answers");
    return NULL;
}

static void noticed_at_once(void **state) {
    (void)state;
    world_start();
    listed("", 0);
    put_good("a", NULL);
    uint64_t copied = listed("a", SOON);
    put_renamed("b", NULL);
    uint64_t moved = listed("a,b", SOON);
    assert_int_equal(link(skill_path("a"), skill_path("c")), 0);
    listed("a,b,c", SOON);
    assert_int_equal(rename(skill_path("b"), skill_path("d")), 0);
    listed("a,c,d", SOON);
    take_away("a");
    uint64_t deleted = listed("c,d", SOON);
    print_message("noticed: copy %.2f ms, move %.2f ms, delete %.2f ms\n", (double)copied / 1e6,
                  (double)moved / 1e6, (double)deleted / 1e6);
    skill_release(load_good("c"));
    skill_release(load_good("d"));
}

static void replaced(void (*put)(const char *name, const char *word)) {
    put_good("a", NULL);
    world_start();
    struct skill *old = load_good("a");
    put("a", "new");
    struct skill *new = wait_for_newer("a", old);
    wait_for_drop();
    listed("a", 0);
    cached("a", 0);
    assert_string_equal(old->name, "dev/a");
    skill_release(old);
    skill_release(new);
    assert_int_equal(children('L'), 2);
    assert_int_equal(children('C'), 1);
}

static void replaced_in_place(void **state) {
    (void)state;
    replaced(put_good);
}

static void replaced_by_rename(void **state) {
    (void)state;
    replaced(put_renamed);
}

static void removed_and_back(void **state) {
    (void)state;
    put_good("a", NULL);
    world_start();
    struct skill *skill = load_good("a");
    take_away("a");
    listed("", SOON);
    cached("", 0);
    wait_for_drop();
    struct ask *ask = ask_for("a");
    assert_int_equal(ask->answer, SKILL_UNKNOWN);
    end_ask(ask);
    put_good("a", NULL);
    listed("a", SOON);
    skill_release(load_good("a"));
    skill_release(skill);
    assert_int_equal(children('L'), 1);
}

/* ---- slow writers */

struct writer {
    int fd;
    uint8_t *bytes;
    size_t size, at;
};

static struct writer begin_writing(const char *name, const char *word, int flags) {
    struct writer writer = {
        .fd = open(skill_path(name), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644)};
    assert_true(writer.fd >= 0);
    writer.bytes = good_with(word, &writer.size);
    return writer;
}

static void write_some(struct writer *writer, size_t size) {
    if (size > writer->size - writer->at) size = writer->size - writer->at;
    assert_int_equal(write(writer->fd, writer->bytes + writer->at, size), size);
    writer->at += size;
}

static void end_writing(struct writer *writer) {
    write_some(writer, writer->size);
    close(writer->fd);
    free(writer->bytes);
}

/* Until the watcher knows that its file is being written. */
static void wait_for_writer(const char *name) {
    bool known = false;
    for (int i = 0; i < 10000 && !known; i++) {
        if (i > 0) usleep(1000);
        pthread_mutex_lock(&world.store->lock);
        known = store_find(world.store, &world.store->namespaces[0], str_of(name))->by_writer;
        pthread_mutex_unlock(&world.store->lock);
    }
    assert_true(known);
}

static void wait_for_state(const char *name, enum entry_state wanted) {
    enum entry_state state = ENTRY_GONE;
    for (int i = 0; i < SOON && (state = world_state(name)) != wanted; i++) usleep(1000);
    assert_string_equal(entry_state_name(state), entry_state_name(wanted));
}

static const char *in_skills(const char *file) {
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", world.skills, file);
    return path;
}

static void new_file_written_slowly(void **state) {
    (void)state;
    world_start();
    struct writer writer = begin_writing("a", NULL, 0);
    for (int i = 0; i < 15; i++) { /* longer than what only a pass sees takes to settle */
        write_some(&writer, i < 3 ? 100 : 0);
        usleep(50000);
        listed("", 0);
        struct ask *ask = ask_for("a");
        assert_int_equal(ask->answer, SKILL_UNKNOWN);
        end_ask(ask);
    }
    end_writing(&writer);
    listed("a", SOON);
    skill_release(load_good("a"));
    assert_int_equal(children('L'), 1);
}

static void listed_file_overwritten_slowly(void **state) {
    (void)state;
    put_good("a", NULL);
    world_start();
    struct writer writer = begin_writing("a", "new", O_TRUNC);
    write_some(&writer, 100);
    wait_for_writer("a");
    struct ask *ask = ask_for("a");
    assert_int_equal(ask->answer, SKILL_PENDING);
    usleep(800000);
    assert_false(atomic_load(&ask->done));
    listed("a", 0);
    end_writing(&writer);
    wait_for(ask);
    assert_non_null(ask->request.skill);
    end_ask(ask);
    assert_int_equal(children('L'), 1);
}

/* The old one answers until the new one is whole. */
static void loaded_file_overwritten_slowly(void **state) {
    (void)state;
    put_good("a", NULL);
    world_start();
    struct skill *old = load_good("a");
    struct writer writer = begin_writing("a", "new", O_TRUNC);
    for (int i = 0; i < 10; i++) {
        write_some(&writer, 50);
        usleep(20000);
        struct ask *ask = ask_for("a");
        assert_int_equal(ask->answer, SKILL_READY);
        assert_ptr_equal(ask->request.skill, old);
        end_ask(ask);
    }
    end_writing(&writer);
    struct skill *new = wait_for_newer("a", old);
    skill_release(old);
    skill_release(new);
}

static void removed_while_a_request_waits_for_the_writer(void **state) {
    (void)state;
    put_good("a", NULL);
    world_start();
    struct writer writer = begin_writing("a", "new", O_TRUNC);
    write_some(&writer, 100);
    wait_for_writer("a");
    struct ask *ask = ask_for("a");
    take_away("a");
    wait_for(ask);
    assert_non_null(strstr(ask->request.error.text, "was removed"));
    end_ask(ask);
    end_writing(&writer);
    listed("", SOON);
}

/* ---- while it loads */

static void changed_while_it_loads(void **state) {
    (void)state;
    put_good("a", "slow");
    world_start();
    hold();
    struct ask *ask = ask_for("a");
    while (children('L') == 0) usleep(1000);
    put_renamed("a", "new");
    let_go();
    wait_for(ask);
    if (ask->request.skill == NULL) fail_msg("%s", ask->request.error.text);
    end_ask(ask);
    assert_int_equal(children('L'), 2);
    cached("a", 0);
    usleep(100000);
    cached("a", 0); /* and it is the one that is there */
}

static void written_into_while_it_loads(void **state) {
    (void)state;
    put_good("a", "slow");
    world_start();
    hold();
    struct ask *ask = ask_for("a");
    while (children('L') == 0) usleep(1000);
    put_good("a", "other");
    let_go();
    wait_for(ask);
    if (ask->request.skill == NULL) fail_msg("%s", ask->request.error.text);
    end_ask(ask);
    cached("a", 0);
}

static void made_bad_while_it_loads(void **state) {
    (void)state;
    put_good("a", "slow");
    world_start();
    hold();
    struct ask *ask = ask_for("a");
    while (children('L') == 0) usleep(1000);
    put_text("a", "not a component at all, this one");
    let_go();
    wait_for(ask);
    assert_null(ask->request.skill);
    assert_non_null(strstr(ask->request.error.text, "not a WebAssembly component"));
    end_ask(ask);
}

/* It fails with another's link while its own file is a new one already: that one counts, and the
 * failure is not kept. */
static void replaced_while_another_fails_for_it(void **state) {
    (void)state;
    static const char bad[] = "no component, told slowly !slow";
    put_text("a", bad);
    put_text("b", bad);
    world_start();
    hold();
    struct ask *leader = ask_for("a");
    while (children('L') == 0) usleep(1000);
    struct ask *follower = ask_for("b");
    usleep(100000);
    put_renamed("b", NULL);
    let_go();
    wait_for(leader);
    assert_non_null(strstr(leader->request.error.text, "not a WebAssembly component"));
    wait_for(follower);
    if (follower->request.skill == NULL) fail_msg("%s", follower->request.error.text);
    end_ask(leader);
    end_ask(follower);
    assert_in_range(children('L'), 2, 3); /* a bad file is tried twice while it is young */
    skill_release(load_good("b"));
    load_fails("a", "not a WebAssembly component");
}

static bool is_settled(const char *name) {
    pthread_mutex_lock(&world.store->lock);
    bool settled = store_find(world.store, &world.store->namespaces[0], str_of(name))->settled;
    pthread_mutex_unlock(&world.store->lock);
    return settled;
}

/* The watcher saw another file just before the load ended: it is not forgotten, the watcher looks
 * again (and here finds that nothing has changed). */
static void another_file_seen_at_the_end_of_a_load(void **state) {
    (void)state;
    put_good("a", "slow");
    world_start();
    hold();
    struct ask *ask = ask_for("a");
    while (children('L') == 0) usleep(1000);
    struct source_identity other = {.device = 1, .inode = 2, .size = 3};
    store_see(world.store, &world.store->namespaces[0], str_of("a"), &other, SOURCE_WRITTEN);
    assert_true(is_settled("a"));
    let_go();
    wait_for(ask);
    /* Not settled for a moment, until somebody looks again; on a busy machine that is over by now.
     */
    for (int i = 0; i < 5000 && !is_settled("a"); i++) usleep(1000);
    assert_true(is_settled("a"));
    struct skill *skill = load_good("a");
    assert_ptr_equal(skill, ask->request.skill);
    skill_release(skill);
    end_ask(ask);
}

static void removed_while_it_loads(void **state) {
    (void)state;
    put_good("a", "slow");
    world_start();
    hold();
    struct ask *ask = ask_for("a");
    while (children('L') == 0) usleep(1000);
    take_away("a");
    listed("", SOON);
    let_go();
    wait_for(ask);
    assert_non_null(strstr(ask->request.error.text, "was removed"));
    end_ask(ask);
    cached("", 0);
}

/* ---- directories */

static unsigned watches(void) {
    char path[60], text[2000];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", world.store->notices.inotify);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, text, sizeof text - 1);
    assert_true(size > 0);
    close(fd);
    text[size] = '\0';
    for (const char *at = text; (at = strstr(at, "inotify wd:")) != NULL; at++) count++;
    return count;
}

static void directory_comes_and_goes(void **state) {
    (void)state;
    char other[200];
    snprintf(other, sizeof other, "%s-away", world.skills);
    rmdir(world.skills);
    world.settings.update_interval = 100 * CLOCK_MS;
    world_start();
    listed("", 0);
    struct ask *ask = ask_for("a");
    assert_int_equal(ask->answer, SKILL_UNKNOWN);
    end_ask(ask);
    mkdir(world.skills, 0755);
    put_good("a", NULL);
    listed("a", LATER);
    assert_int_equal(watches(), 1);
    put_good("b", NULL);
    listed("a,b", SOON);
    skill_release(load_good("a"));
    assert_int_equal(rename(world.skills, other), 0);
    listed("", LATER);
    wait_for_drop();
    mkdir(world.skills, 0755);
    put_good("c", NULL);
    listed("c", LATER);
    take_away("c");
    rmdir(world.skills);
    assert_int_equal(rename(other, world.skills), 0);
    listed("a,b", LATER);
    take_away("b");
    listed("a", SOON);
    skill_release(load_good("a"));
}

static void misconfigured(void **state) {
    (void)state;
    rmdir(world.skills);
    int fd = open(world.skills, O_WRONLY | O_CREAT | O_CLOEXEC,
                  0644); /* a file in the directory's place */
    close(fd);
    world.settings.update_interval = 100 * CLOCK_MS;
    world_start();
    listed("", 0);
    struct ask *ask = ask_for("a");
    assert_int_equal(ask->answer, SKILL_MISCONFIGURED);
    assert_non_null(strstr(ask->request.error.text, world.skills));
    assert_non_null(strstr(ask->request.error.text, "Not a directory"));
    end_ask(ask);
    unlink(world.skills);
    mkdir(world.skills, 0755);
    put_good("a", NULL);
    listed("a", LATER);
    skill_release(load_good("a"));
}

static void two_namespaces_one_directory(void **state) {
    (void)state;
    struct skill_request request = {0};
    world.namespaces[1] = (struct skill_namespace){"prod", world.skills};
    world.settings.namespace_count = 2;
    world_start();
    put_good("a", NULL);
    listed("a,prod/a", SOON);
    skill_release(load_good("a"));
    assert_int_equal(skill_store_get(world.store, str_of("prod"), str_of("b"), &request),
                     SKILL_UNKNOWN);
    take_away("a");
    listed("", SOON);
}

static void strange_files(void **state) {
    (void)state;
    char path[400];
    world_start();
    put_good(".hidden", NULL);
    put_good("\xff", NULL);
    snprintf(path, sizeof path, "%s/dir.wasm", world.skills);
    mkdir(path, 0755);
    assert_int_equal(symlink("/etc/passwd", skill_path("link")), 0);
    assert_int_equal(mkfifo(skill_path("pipe"), 0644), 0);
    snprintf(path, sizeof path, "%s/readme.txt", world.skills);
    close(open(path, O_WRONLY | O_CREAT, 0644));
    put_good("q\"uote a b", NULL);
    listed("link,q\\uote a b", SOON); /* the quote is taken out by the test */
    skill_release(load_good("q\"uote a b"));
    load_fails("link", "not a WebAssembly component");
    /* What takes the place of a listed file and is none is not opened. */
    put_good("a", NULL);
    listed("a,link,q\\uote a b", SOON);
    take_away("a");
    assert_int_equal(mkfifo(skill_path("a"), 0644), 0);
    listed("link,q\\uote a b", SOON);
}

/* More events than the queue of inotify holds. */
static void events_are_lost(void **state) {
    (void)state;
    char name[20];
    world_start();
    pthread_mutex_lock(&world.store->lock); /* the watcher cannot go on */
    put_good("a", NULL);
    usleep(20000);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "x%d", i % 100);
        int fd = open(skill_path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        close(fd);
        unlink(skill_path(name));
    }
    put_good("b", NULL);
    pthread_mutex_unlock(&world.store->lock);
    listed("a,b", LATER);
    skill_release(load_good("b"));
}

/* ---- without inotify */

static void by_looking_only(void **state) {
    (void)state;
    world_without_inotify = true;
    world.settings.update_interval = 100 * CLOCK_MS;
    put_good("a", NULL);
    world_start();
    struct skill *old = load_good("a");
    assert_true(world.store->notices.missed); /* which was told */
    put_good("b", NULL);
    listed("a,b", LATER);
    skill_release(load_good("b"));
    put_good("a", "new");
    struct skill *new = wait_for_newer("a", old);
    take_away("b");
    listed("a", LATER);
    skill_release(old);
    skill_release(new);
}

static void written_slowly_by_looking_only(void **state) {
    (void)state;
    world_without_inotify = true;
    world.settings.update_interval = 100 * CLOCK_MS;
    world_start();
    struct writer writer = begin_writing("a", NULL, 0);
    write_some(&writer, 100);
    listed("a", LATER);
    struct ask *ask = ask_for("a");
    assert_int_equal(ask->answer, SKILL_PENDING);
    uint64_t written = clock_monotonic(), longest = 0;
    for (int i = 0; i < 12; i++) {
        write_some(&writer, 10);
        usleep(100000);
        uint64_t now = clock_monotonic();
        if (now - written > longest) longest = now - written;
        written = now;
        /* Unless this process stood still so long that the file seemed to be whole (500 ms). */
        if (longest < 450 * CLOCK_MS) assert_false(atomic_load(&ask->done));
    }
    end_writing(&writer);
    wait_for(ask);
    if (ask->request.skill == NULL) fail_msg("%s", ask->request.error.text);
    end_ask(ask);
}

/* ---- versions that fail */

/* A version that cannot be loaded is told to nobody: the one before answers. */
static void a_bad_version_leaves_the_older_one(void **state) {
    (void)state;
    put_good("a", NULL);
    world_start();
    struct skill *old = load_good("a");
    put_text("a", "not a component at all");
    wait_for_state("a", ENTRY_FAILED);
    for (int i = 0; i < 10; i++) {
        struct ask *ask = ask_for("a");
        assert_int_equal(ask->answer, SKILL_READY);
        assert_ptr_equal(ask->request.skill, old);
        end_ask(ask);
    }
    cached("a", 0);
    put_good("a", "new");
    struct skill *new = wait_for_newer("a", old);
    wait_for_drop();
    /* Dropped, the older one is gone, and the failure is told. */
    put_text("a", "not a component at all");
    wait_for_state("a", ENTRY_FAILED);
    assert_true(skill_store_drop(world.store, str_of("dev"), str_of("a")));
    load_fails("a", "not a WebAssembly component");
    skill_release(old);
    skill_release(new);
}

/* A newer version whose load hangs on a writer, or takes long, holds up nobody. */
static void the_older_one_answers_while_the_newer_loads(void **state) {
    (void)state;
    put_good("a", NULL);
    world_start();
    struct skill *old = load_good("a");
    hold();
    put_good("a", "slow");
    wait_for_state("a", ENTRY_LOADING);
    struct ask *ask = ask_for("a");
    assert_int_equal(ask->answer, SKILL_READY);
    assert_ptr_equal(ask->request.skill, old);
    end_ask(ask);
    let_go();
    skill_release(wait_for_newer("a", old));
    skill_release(old);
}

static void a_removed_skill_does_not_answer_on(void **state) {
    (void)state;
    put_good("a", NULL);
    world_start();
    skill_release(load_good("a"));
    put_text("a", "not a component at all");
    wait_for_state("a", ENTRY_FAILED);
    take_away("a");
    listed("", SOON);
    struct ask *ask = ask_for("a");
    assert_int_equal(ask->answer, SKILL_UNKNOWN);
    end_ask(ask);
    wait_for_drop();
}

/* As a build writes it: whole, cut, and whole again, all within a moment. With a version that
 * answers and without one. */
static void written_cut_and_written_again(void **state) {
    (void)state;
    char name[20];
    world_start();
    for (int i = 0; i < 100; i++) {
        size_t size;
        uint8_t *bytes = good_with(i % 2 ? "one" : NULL, &size);
        snprintf(name, sizeof name, "s%d", i % 10 == 0 ? 0 : i);
        put_bytes(name, bytes, i % 3 == 0 ? size / 2 : size);
        int fd = open(skill_path(name), O_WRONLY | O_TRUNC | O_CLOEXEC);
        usleep(i % 4 * 300);
        assert_int_equal(write(fd, bytes, size), size);
        close(fd);
        free(bytes);
        struct ask *ask;
        for (int k = 0; k < SOON; k++) { /* until it is listed */
            ask = ask_for(name);
            if (ask->answer != SKILL_UNKNOWN) break;
            end_ask(ask);
            usleep(1000);
        }
        wait_for(ask);
        if (ask->request.skill == NULL) fail_msg("%s: %s", name, ask->request.error.text);
        end_ask(ask);
    }
}

/* Two writes within one tick of the clock may leave a file that looks the same: the notice counts.
 */
static void a_write_that_the_times_do_not_show(void **state) {
    (void)state;
    put_good("a", NULL);
    world_start();
    struct skill *old = load_good("a");
    struct source_identity same;
    pthread_mutex_lock(&world.store->lock);
    same = store_find(world.store, &world.store->namespaces[0], str_of("a"))->loaded;
    pthread_mutex_unlock(&world.store->lock);
    store_see(world.store, &world.store->namespaces[0], str_of("a"), &same, SOURCE_WRITTEN);
    skill_release(wait_for_newer("a", old));
    skill_release(old);
}

/* ---- links */

static void a_link_is_followed(void **state) {
    (void)state;
    char outside[200], other[200];
    size_t size;
    uint8_t *bytes = good_with(NULL, &size);
    snprintf(outside, sizeof outside, "%s-outside", world.cache);
    snprintf(other, sizeof other, "%s-other", world.cache);
    world.settings.update_interval = 100 * CLOCK_MS;
    world_start();
    file_write(outside, bytes, size);
    free(bytes);
    assert_int_equal(symlink(outside, skill_path("a")), 0);
    assert_int_equal(symlink("nothing", skill_path("dangling")), 0);
    listed("a", SOON);
    struct skill *old = load_good("a");
    bytes = good_with("new", &size);
    file_write(other, bytes, size);
    free(bytes);
    assert_int_equal(rename(other, outside), 0); /* no notice comes of it */
    skill_release(wait_for_newer("a", old));
    skill_release(old);
    put_good("dangling-target", NULL);
    assert_int_equal(rename(skill_path("dangling-target"), in_skills("nothing")), 0);
    listed("a,dangling", LATER);
    skill_release(load_good("dangling"));
    assert_int_equal(unlink(outside), 0);
    listed("dangling", LATER);
    assert_int_equal(unlink(in_skills("nothing")), 0);
}

/* ---- everything at once */

static atomic_bool over;

static void *ask_always(void *argument) {
    static const char *const names[] = {"a", "b", "c", "d", "bad", "none"};
    unsigned seed = (unsigned)(uintptr_t)argument;
    while (!atomic_load(&over)) {
        struct ask *ask = ask_for(names[rand_r(&seed) % 6]);
        if (rand_r(&seed) % 8 == 0)
            skill_store_drop(world.store, str_of("dev"), str_of(names[rand_r(&seed) % 4]));
        if (rand_r(&seed) % 16 == 0) {
            struct buf json;
            buf_init(&json, 10000);
            skill_store_list(world.store, &json);
            buf_free(&json);
        }
        end_ask(ask);
    }
    return NULL;
}

static void *change_always(void *argument) {
    static const char *const names[] = {"a", "b", "c", "d"}, *const words[] = {NULL, "one", "two",
                                                                               "slow"};
    unsigned seed = (unsigned)(uintptr_t)argument;
    while (!atomic_load(&over)) {
        const char *name = names[rand_r(&seed) % 4], *word = words[rand_r(&seed) % 4];
        unsigned what = rand_r(&seed) % 8;
        if (what == 0)
            unlink(skill_path(name));
        else if (what < 4)
            put_renamed(name, word);
        else
            put_good(name, word);
        usleep(rand_r(&seed) % 200000);
    }
    return NULL;
}

static void everything_at_once(void **state) {
    (void)state;
    pthread_t threads[6];
    put_text("bad", "no component");
    world.settings.update_interval = 100 * CLOCK_MS;
    world_start();
    atomic_store(&over, false);
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < 4 ? ask_always : change_always,
                                        (void *)(uintptr_t)(i + 1)),
                         0);
    sleep(6);
    atomic_store(&over, true);
    for (int i = 0; i < 6; i++) pthread_join(threads[i], NULL);
    put_renamed("a", "last");
    becomes_good("a");
    print_message("%u links, %u compiles\n", children('L'), children('C'));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, world_begin, world_end)

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        WITH(noticed_at_once),
        WITH(replaced_in_place),
        WITH(replaced_by_rename),
        WITH(removed_and_back),
        WITH(new_file_written_slowly),
        WITH(listed_file_overwritten_slowly),
        WITH(loaded_file_overwritten_slowly),
        WITH(removed_while_a_request_waits_for_the_writer),
        WITH(changed_while_it_loads),
        WITH(written_into_while_it_loads),
        WITH(made_bad_while_it_loads),
        WITH(replaced_while_another_fails_for_it),
        WITH(another_file_seen_at_the_end_of_a_load),
        WITH(removed_while_it_loads),
        WITH(directory_comes_and_goes),
        WITH(misconfigured),
        WITH(two_namespaces_one_directory),
        WITH(strange_files),
        WITH(events_are_lost),
        WITH(by_looking_only),
        WITH(written_slowly_by_looking_only),
        WITH(a_bad_version_leaves_the_older_one),
        WITH(the_older_one_answers_while_the_newer_loads),
        WITH(a_removed_skill_does_not_answer_on),
        WITH(written_cut_and_written_again),
        WITH(a_write_that_the_times_do_not_show),
        WITH(a_link_is_followed),
        WITH(everything_at_once),
    };
    return world_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
