/* directory: which files are skills, and what happens with everything else that a directory can
 * hold. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/directory.h"
#include "source/notices.h"
#include "support/folder.h"

static struct source *source; /* of the folder */

static int begin(void **state) {
    if (folder_make(state) != 0) return 1;
    source = directory_new(folder, NULL);
    return source == NULL;
}

static int end(void **state) {
    source->kind->free(source);
    return folder_remove(state);
}

static bool identify(const char *skill, struct source_identity *out) {
    return source->kind->identify(source, str_of(skill), out);
}

static int open_skill(const char *skill, struct err *err) {
    return source->kind->open(source, str_of(skill), err);
}

static void stems(void **state) {
    (void)state;
    struct str stem;
    char name[300];
    assert_true(directory_stem("greet.wasm", &stem));
    assert_true(str_is(stem, "greet"));
    assert_true(directory_stem("greet-v0.2.wasm", &stem));
    assert_true(str_is(stem, "greet-v0.2"));
    assert_true(directory_stem("a.wasm.wasm", &stem));
    assert_true(str_is(stem, "a.wasm"));
    assert_true(directory_stem("gr\xc3\xbc\xc3\x9f e.wasm", &stem));
    static const char *const no[] = {
        "",          ".wasm",      "..wasm",           ".hidden.wasm",    "wasm",
        "greet",     "greet.WASM", "greet.wasm~",      "greet.wasm.part", "greet.wat",
        "\xff.wasm", "a\xc3.wasm", "\xed\xa0\x80.wasm"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (directory_stem(no[i], &stem)) fail_msg("%s is no skill", no[i]);
    memset(name, 'n', sizeof name);
    strcpy(name + 250, ".wasm"); /* 255 bytes */
    assert_true(directory_stem(name, &stem));
    assert_int_equal(stem.size, 250);
    memset(name, 'n', sizeof name);
    strcpy(name + 251, ".wasm");
    assert_false(directory_stem(name, &stem));
}

static struct {
    char names[16][300];
    size_t count;
} seen;

static void see(void *context, struct str stem, const struct source_identity *file) {
    assert_ptr_equal(context, &seen);
    assert_true(file->inode != 0);
    snprintf(seen.names[seen.count++], 300, "%.*s", STR_ARG(stem));
}

static bool was_seen(const char *name) {
    for (size_t i = 0; i < seen.count; i++)
        if (strcmp(seen.names[i], name) == 0) return true;
    return false;
}

static void make_zoo(void) {
    char name[300];
    folder_put("good.wasm", "1");
    folder_put(".hidden.wasm", "1");
    folder_put("other.txt", "1");
    folder_put("empty.wasm", "");
    folder_put("bad\xff.wasm", "1");
    memset(name, 'x', sizeof name);
    strcpy(name + 250, ".wasm");
    folder_put(name, "1");
    assert_int_equal(mkdir(in_folder("directory.wasm"), 0755), 0);
    assert_int_equal(symlink("good.wasm", in_folder("link.wasm")), 0);
    assert_int_equal(symlink("nowhere", in_folder("dangling.wasm")), 0);
    assert_int_equal(mkfifo(in_folder("fifo.wasm"), 0600), 0);
    assert_int_equal(symlink(".", in_folder("linked-directory.wasm")), 0);
    assert_int_equal(symlink("loop.wasm", in_folder("loop.wasm")), 0);
}

static void scan(void **state) {
    (void)state;
    struct err err;
    struct source_odd odd;
    make_zoo();
    for (int round = 0; round < 2;
         round++) { /* again through the same descriptor: the position is not kept */
        seen.count = 0;
        assert_int_equal(source->kind->scan(source, see, &seen, &odd, &err), SOURCE_THERE);
        assert_int_equal(seen.count, 4);
        assert_true(was_seen("good") && was_seen("empty") && was_seen("link"));
        assert_int_equal(odd.count, 6);
        static const char *const names[] = {"\xff.wasm (its name is not UTF-8)",
                                            "directory.wasm (a directory)",
                                            "dangling.wasm (a link to nothing)",
                                            "fifo.wasm (a FIFO)",
                                            "linked-directory.wasm (a link to what is not a file)",
                                            "loop.wasm (Too many levels of symbolic links)"};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (!strstr(odd.names, names[i])) fail_msg("no '%s' in '%s'", names[i], odd.names);
    }
}

static void identities(void **state) {
    (void)state;
    struct source_identity one, two;
    make_zoo();
    assert_true(identify("good", &one));
    assert_int_equal(one.size, 1);
    assert_int_equal(one.links, 1);
    static const char *const no[] = {"none", "directory",        "dangling",
                                     "fifo", "linked-directory", "loop"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (identify(no[i], &two)) fail_msg("%s is no regular file", no[i]);
    char long_name[300];
    memset(long_name, 'y', sizeof long_name);
    assert_false(source->kind->identify(source, (struct str){long_name, sizeof long_name}, &two));
    assert_true(identify("good", &two));
    assert_true(source_same(&one, &two));
    usleep(20000);
    folder_put("good.wasm", "2"); /* as large as before, the same inode: the times tell */
    assert_true(identify("good", &two));
    assert_false(source_same(&one, &two));
    folder_put("new", "2");
    struct timespec times[2] = {{.tv_sec = (time_t)(two.modified / 1000000000),
                                 .tv_nsec = (long)(two.modified % 1000000000)}};
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, in_folder("new"), times, 0), 0);
    char from[600];
    strcpy(from, in_folder("new"));
    assert_int_equal(rename(from, in_folder("good.wasm")),
                     0); /* size and modification time alike: the inode tells */
    assert_true(identify("good", &one));
    assert_int_equal(one.modified, two.modified);
    assert_false(source_same(&one, &two));
}

static void opening_files(void **state) {
    (void)state;
    struct err err;
    struct source_identity file;
    make_zoo();
    int fd = open_skill("good", &err);
    assert_true(fd >= 0);
    assert_true(source_identify_file(fd, &file));
    close(fd);
    alarm(5); /* a FIFO must not block */
    assert_int_equal(open_skill("fifo", &err), -1);
    assert_non_null(strstr(err.text, "fifo.wasm is a FIFO, not a file"));
    alarm(0);
    assert_int_equal(open_skill("linked-directory", &err), -1);
    assert_non_null(strstr(err.text, "is a directory, not a file"));
    assert_int_equal(symlink("/dev/null", in_folder("device.wasm")), 0);
    assert_int_equal(open_skill("device", &err), -1);
    assert_non_null(strstr(err.text, "is a device, not a file"));
    assert_int_equal(open_skill("dangling", &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(open_skill("none", &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "none.wasm is gone"));
    struct source *nowhere = directory_new(in_folder("nowhere"), NULL);
    assert_int_equal(nowhere->kind->open(nowhere, str_of("none"), &err), -1);
    nowhere->kind->free(nowhere);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "the directory "));
    char long_name[300];
    memset(long_name, 'y', sizeof long_name);
    assert_int_equal(source->kind->open(source, (struct str){long_name, sizeof long_name}, &err),
                     -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* The identity of a link is that of the file that it leads to. */
static void links(void **state) {
    (void)state;
    struct err err;
    struct source_identity good, link, other;
    make_zoo();
    assert_true(identify("good", &good));
    assert_true(identify("link", &link));
    assert_true(source_same(&good, &link));
    int fd = open_skill("link", &err);
    assert_true(fd >= 0 && source_identify_file(fd, &other) && source_same(&good, &other));
    close(fd);
    folder_put("new", "22");
    char from[600];
    strcpy(from, in_folder("new"));
    assert_int_equal(rename(from, in_folder("good.wasm")), 0); /* the target, not the link */
    assert_true(identify("link", &other));
    assert_false(source_same(&link, &other));
}

static void is_of(const char *path, enum source_state wanted, const char *text) {
    struct source *other = directory_new(in_folder(path), NULL);
    struct err err = {.text = ""};
    struct source_odd odd;
    assert_int_equal(other->kind->scan(other, see, &seen, &odd, &err), wanted);
    assert_non_null(strstr(err.text, text));
    if (wanted == SOURCE_THERE) {
        int dir = OWNER(other, struct directory, source)->dir;
        assert_true((fcntl(dir, F_GETFD) & FD_CLOEXEC) != 0);
    }
    other->kind->free(other);
}

static void directories(void **state) {
    (void)state;
    make_zoo();
    is_of("nowhere", SOURCE_MISSING, "");
    is_of("nowhere/deeper", SOURCE_MISSING, "");
    is_of("good.wasm", SOURCE_BAD, "good.wasm: Not a directory");
    is_of("good.wasm/deeper", SOURCE_BAD, "");
    alarm(5);
    is_of("fifo.wasm", SOURCE_BAD, "");
    alarm(0);
    assert_int_equal(symlink("loop", in_folder("loop")), 0);
    is_of("loop", SOURCE_BAD, "");
    /* A directory may be reached through a link: it is configured. */
    assert_int_equal(symlink("directory.wasm", in_folder("way")), 0);
    is_of("way", SOURCE_THERE, "");
}

/* ---- notices */

static struct {
    char skill[100];
    enum source_notice notice;
    unsigned count;
} told;

static void tell(void *context, struct source *of, struct str skill, enum source_notice notice) {
    assert_ptr_equal(context, &told);
    assert_ptr_equal(of, source);
    snprintf(told.skill, sizeof told.skill, "%.*s", STR_ARG(skill));
    told.notice = notice;
    told.count++;
}

/* What was noticed last since the last call. */
static void noticed(struct notices *notices, const char *skill, enum source_notice notice) {
    told.count = 0;
    assert_false(notices_take(notices, tell, &told));
    assert_true(told.count > 0);
    assert_string_equal(told.skill, skill);
    assert_int_equal(told.notice, notice);
}

static void notices_of_changes(void **state) {
    (void)state;
    struct notices notices;
    struct err err;
    struct source_odd odd;
    notices_init(&notices);
    assert_int_equal(notices_open(&notices), 0);
    source->kind->watch(source, &notices);
    assert_int_equal(source->kind->scan(source, see, &seen, &odd, &err), SOURCE_THERE);
    int fd = open(in_folder("a.wasm"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    noticed(&notices, "a", SOURCE_WRITING);
    close(fd);
    noticed(&notices, "a", SOURCE_WRITTEN);
    char from[600];
    strcpy(from, in_folder("a.wasm"));
    assert_int_equal(link(from, in_folder("b.wasm")), 0);
    noticed(&notices, "b", SOURCE_WRITTEN); /* a second name of a whole file */
    assert_int_equal(rename(from, in_folder("c.wasm")), 0);
    noticed(&notices, "c", SOURCE_WRITTEN);
    unlink(in_folder("c.wasm"));
    noticed(&notices, "c", SOURCE_SEEN);
    folder_put("other.txt", "1");
    told.count = 0;
    assert_false(notices_take(&notices, tell, &told));
    assert_int_equal(told.count, 0);
    unlink(in_folder("b.wasm")), unlink(in_folder("other.txt"));
    char moved[600];
    snprintf(moved, sizeof moved, "%s-moved", folder);
    assert_int_equal(rename(folder, moved), 0);
    assert_true(notices_take(&notices, tell, &told)); /* it went away: scan */
    assert_int_equal(source->kind->scan(source, see, &seen, &odd, &err), SOURCE_MISSING);
    assert_int_equal(rename(moved, folder), 0);
    assert_int_equal(source->kind->scan(source, see, &seen, &odd, &err), SOURCE_THERE);
    notices_take(&notices, tell, &told);
    folder_put("d.wasm", "1"); /* the new one is watched */
    noticed(&notices, "d", SOURCE_WRITTEN);
    source->kind->free(source);
    source = directory_new(folder, NULL);
    notices_close(&notices);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stems),  WITH(scan),  WITH(identities),
        WITH(opening_files),      WITH(links), WITH(directories),
        WITH(notices_of_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
