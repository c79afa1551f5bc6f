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
#include "support/folder.h"

static int open_folder(void) {
    int dir;
    struct err err;
    assert_int_equal(directory_open(folder, &dir, &err), DIRECTORY_OPEN);
    return dir;
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

static void see(void *context, struct str stem, const struct file_identity *file) {
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
    struct directory_odd odd;
    make_zoo();
    int dir = open_folder();
    for (int round = 0; round < 2;
         round++) { /* again through the same descriptor: the position is not kept */
        seen.count = 0;
        assert_int_equal(directory_scan(dir, see, &seen, &odd, &err), DIRECTORY_OPEN);
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
    close(dir);
}

static void look(void **state) {
    (void)state;
    struct file_identity one, two;
    make_zoo();
    int dir = open_folder();
    assert_true(directory_look(dir, str_of("good"), &one));
    assert_int_equal(one.size, 1);
    assert_int_equal(one.links, 1);
    static const char *const no[] = {"none", "directory",        "dangling",
                                     "fifo", "linked-directory", "loop"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (directory_look(dir, str_of(no[i]), &two)) fail_msg("%s is no regular file", no[i]);
    char long_name[300];
    memset(long_name, 'y', sizeof long_name);
    assert_false(directory_look(dir, (struct str){long_name, sizeof long_name}, &two));
    assert_true(directory_look(dir, str_of("good"), &two));
    assert_true(file_same(&one, &two));
    usleep(20000);
    folder_put("good.wasm", "2"); /* as large as before, the same inode: the times tell */
    assert_true(directory_look(dir, str_of("good"), &two));
    assert_false(file_same(&one, &two));
    folder_put("new", "2");
    struct timespec times[2] = {{.tv_sec = (time_t)(two.modified / 1000000000),
                                 .tv_nsec = (long)(two.modified % 1000000000)}};
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, in_folder("new"), times, 0), 0);
    char from[600];
    strcpy(from, in_folder("new"));
    assert_int_equal(rename(from, in_folder("good.wasm")),
                     0); /* size and modification time alike: the inode tells */
    assert_true(directory_look(dir, str_of("good"), &one));
    assert_int_equal(one.modified, two.modified);
    assert_false(file_same(&one, &two));
    close(dir);
}

static void opening_files(void **state) {
    (void)state;
    struct err err;
    struct file_identity file;
    make_zoo();
    int fd = directory_open_file(folder, str_of("good"), &err);
    assert_true(fd >= 0);
    assert_true(file_identify(fd, &file));
    close(fd);
    alarm(5); /* a FIFO must not block */
    assert_int_equal(directory_open_file(folder, str_of("fifo"), &err), -1);
    assert_non_null(strstr(err.text, "fifo.wasm is a FIFO, not a file"));
    alarm(0);
    assert_int_equal(directory_open_file(folder, str_of("linked-directory"), &err), -1);
    assert_non_null(strstr(err.text, "is a directory, not a file"));
    assert_int_equal(symlink("/dev/null", in_folder("device.wasm")), 0);
    assert_int_equal(directory_open_file(folder, str_of("device"), &err), -1);
    assert_non_null(strstr(err.text, "is a device, not a file"));
    assert_int_equal(directory_open_file(folder, str_of("dangling"), &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(directory_open_file(folder, str_of("none"), &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "none.wasm is gone"));
    assert_int_equal(directory_open_file(in_folder("nowhere"), str_of("none"), &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "the directory "));
    char long_name[300];
    memset(long_name, 'y', sizeof long_name);
    assert_int_equal(directory_open_file(folder, (struct str){long_name, sizeof long_name}, &err),
                     -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* The identity of a link is that of the file that it leads to. */
static void links(void **state) {
    (void)state;
    struct err err;
    struct file_identity good, link, other;
    make_zoo();
    int dir = open_folder();
    assert_true(directory_look(dir, str_of("good"), &good));
    assert_true(directory_look(dir, str_of("link"), &link));
    assert_true(file_same(&good, &link));
    int fd = directory_open_file(folder, str_of("link"), &err);
    assert_true(fd >= 0 && file_identify(fd, &other) && file_same(&good, &other));
    close(fd);
    folder_put("new", "22");
    char from[600];
    strcpy(from, in_folder("new"));
    assert_int_equal(rename(from, in_folder("good.wasm")), 0); /* the target, not the link */
    assert_true(directory_look(dir, str_of("link"), &other));
    assert_false(file_same(&link, &other));
    close(dir);
}

static void directories(void **state) {
    (void)state;
    int dir;
    struct err err;
    make_zoo();
    assert_int_equal(directory_open(in_folder("nowhere"), &dir, &err), DIRECTORY_MISSING);
    assert_int_equal(directory_open(in_folder("nowhere/deeper"), &dir, &err), DIRECTORY_MISSING);
    assert_int_equal(directory_open(in_folder("good.wasm"), &dir, &err), DIRECTORY_BAD);
    assert_non_null(strstr(err.text, "good.wasm: Not a directory"));
    assert_int_equal(directory_open(in_folder("good.wasm/deeper"), &dir, &err), DIRECTORY_BAD);
    alarm(5);
    assert_int_equal(directory_open(in_folder("fifo.wasm"), &dir, &err), DIRECTORY_BAD);
    alarm(0);
    assert_int_equal(symlink("loop", in_folder("loop")), 0);
    assert_int_equal(directory_open(in_folder("loop"), &dir, &err), DIRECTORY_BAD);
    assert_int_equal(symlink("directory.wasm", in_folder("way")),
                     0); /* a directory may be reached through a link: it is configured */
    assert_int_equal(directory_open(in_folder("way"), &dir, &err), DIRECTORY_OPEN);
    assert_true((fcntl(dir, F_GETFD) & FD_CLOEXEC) != 0);
    close(dir);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stems), WITH(scan),  WITH(look),
        WITH(opening_files),     WITH(links), WITH(directories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
