/* A temporary folder, new for each test (cmocka's setup and teardown), and files in it. Included
 * after cmocka.h. */
#ifndef PK_TESTS_FOLDER_H
#define PK_TESTS_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/pharia-test.XXXXXX";

static inline int folder_make(void **state) {
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    return mkdtemp(folder) == NULL;
}

static inline int folder_remove_one(const char *path, const struct stat *stat, int kind,
                                    struct FTW *ftw) {
    (void)stat, (void)kind, (void)ftw;
    return remove(path);
}

static inline int folder_remove(void **state) {
    (void)state;
    return nftw(folder, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of `name` in it; valid for three more calls. */
static inline const char *in_folder(const char *name) {
    static char paths[4][600];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void file_write(const char *path, const void *bytes, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static inline void folder_put(const char *name, const char *text) {
    file_write(in_folder(name), text, strlen(text));
}

#endif
