/* pharia-kernel link FILE -o DIR: the linker's output as files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/commands.h"
#include "kernel/skill_file.h"

static int create(const char *directory, const char *name, char *path, size_t size,
                  struct err *err) {
    if ((size_t)snprintf(path, size, "%s/%s", directory, name) >= size) {
        err_set(err, ERR_LIMIT, "too long to write into: %s", directory);
        return -1;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) err_errno(err, errno, "cannot write %s", path);
    return fd;
}

static bool write_buf(const char *directory, const char *name, const struct buf *buf,
                      struct err *err) {
    char path[4096];
    int fd = create(directory, name, path, sizeof path, err);
    if (fd < 0) return false;
    size_t done = 0;
    ssize_t count = 0;
    while (done < buf->size &&
           ((count = write(fd, buf->data + done, buf->size - done)) > 0 || errno == EINTR))
        if (count > 0) done += (size_t)count;
    bool good = done == buf->size || err_errno(err, errno, "cannot write %s", path);
    if (close(fd) && good) good = err_errno(err, errno, "cannot write %s", path);
    if (good) printf("%12zu  %s\n", buf->size, path);
    return good;
}

static bool write_image(const char *directory, const struct link_result *result, struct err *err) {
    char path[4096];
    int fd = create(directory, "image", path, sizeof path, err);
    if (fd < 0) return false;
    bool good = link_write_image(result, fd, err) || err_prefix(err, "cannot write %s", path);
    if (close(fd) && good) good = err_errno(err, errno, "cannot write %s", path);
    if (good) printf("%12zu  %s\n", (size_t)result->image_pages << 16, path);
    return good;
}

static bool write_all(const char *directory, const struct link_result *result, struct err *err) {
    if (mkdir(directory, 0777) && errno != EEXIST)
        return err_errno(err, errno, "cannot make %s", directory);
    return write_buf(directory, "code.wasm", &result->code, err) &&
           write_image(directory, result, err) &&
           write_buf(directory, "interface.json", &result->interface, err) &&
           write_buf(directory, "names", &result->names, err);
}

static const struct option_row rows[] = {
    {'o', "output", "DIR", "where to (needed)"},
    {'s', "strict-memory", NULL, "as with the setting strict-memory"},
};
const struct option_table link_options = OPTION_TABLE(rows);

/* argv: the command's. */
static bool parse(int argc, char **argv, struct link_settings *settings, const char **path,
                  const char **directory, struct err *err) {
    struct options options;
    const char *value;
    int letter, count;
    options_begin(&options, link_options, argc, argv);
    while ((letter = options_next(&options, &value, err)) != OPTIONS_END) {
        if (letter == OPTIONS_WRONG) return false;
        if (letter == 'o') *directory = value;
        if (letter == 's') settings->strict_memory = true;
    }
    *path = options_words(&options, &count)[0];
    if (count == 1 && *directory) return true;
    err_set(err, ERR_INVALID, "one FILE and --output DIR are expected");
    return false;
}

int command_link(int argc, char **argv) {
    static struct skill_file file;
    struct link_settings settings = {0};
    const char *path = NULL, *directory = NULL;
    struct err err;
    if (!parse(argc, argv, &settings, &path, &directory, &err))
        return command_wrong("link", link_options, &err);
    bool good = skill_file_read(path, &settings, &file, &err);
    if (good && !file.linked) {
        err = file.link_err;
        good = err_prefix(&err, "%s", path);
    }
    good = good && write_all(directory, &file.result, &err);
    if (good && (fflush(stdout) || ferror(stdout)))
        good = err_errno(&err, errno, "cannot write the list of files");
    skill_file_free(&file);
    if (!good) fprintf(stderr, "pharia-kernel: %s\n", err.text);
    return good ? 0 : 1;
}
