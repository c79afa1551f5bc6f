/* The initial memory as a file with holes. Segments are put together in windows of 1 MiB, page by
 * page as they are touched, so that neighbours become one write and memory and time stay near to
 * what the segments hold, however far apart they lie. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "link/link.h"

enum { PAGE = LINK_IMAGE_PAGE, WINDOW_PAGES = 256, WINDOW = PAGE * WINDOW_PAGES };

/* Which segments reach into which window, in their order. */
struct windows {
    uint32_t count;
    uint32_t *first;    /* count + 1 places in `segments` */
    uint32_t *segments; /* indices */
};

static void range_of(const struct link_segment *segment, uint32_t *from, uint32_t *to) {
    *from = (uint32_t)(segment->offset / WINDOW);
    *to = (uint32_t)((segment->offset + segment->bytes.size - 1) / WINDOW);
}

/* Counting sort. */
static bool windows_fill(struct windows *windows, const struct link_result *result,
                         struct err *err) {
    uint64_t size = (uint64_t)result->image_pages * 65536;
    windows->count = (uint32_t)((size + WINDOW - 1) / WINDOW);
    windows->first = calloc(windows->count + 2, sizeof *windows->first);
    if (windows->first == NULL) return err_set(err, ERR_MEMORY, "no memory for writing the image");
    uint32_t from, to, *places = windows->first + 1, total = 0;
    for (uint32_t i = 0; i < result->segment_count; i++) {
        range_of(&result->segments[i], &from, &to);
        for (uint32_t window = from; window <= to; window++) places[window]++;
    }
    for (uint32_t window = 0; window < windows->count; window++) {
        uint32_t count = places[window];
        places[window] = total;
        total += count;
    }
    windows->segments = calloc(total + 1, sizeof *windows->segments);
    if (windows->segments == NULL)
        return err_set(err, ERR_MEMORY, "no memory for writing the image");
    for (uint32_t i = 0; i < result->segment_count; i++) {
        range_of(&result->segments[i], &from, &to);
        for (uint32_t window = from; window <= to; window++)
            windows->segments[places[window]++] = i;
    }
    return true; /* each place is now the end of its window, so that first[window] is its beginning
                  */
}

static void windows_free(struct windows *windows) {
    free(windows->first);
    free(windows->segments);
}

struct window {
    uint8_t *bytes;
    bool touched[WINDOW_PAGES];
};

/* Copy what of a segment lies in the window that begins at `begin`. */
static void put_segment(struct window *window, uint64_t begin, const struct link_segment *segment) {
    uint64_t from = segment->offset < begin ? begin : segment->offset;
    uint64_t end = segment->offset + segment->bytes.size;
    if (end > begin + WINDOW) end = begin + WINDOW;
    for (uint64_t page = (from - begin) / PAGE; page <= (end - 1 - begin) / PAGE; page++) {
        if (!window->touched[page]) memset(window->bytes + page * PAGE, 0, PAGE);
        window->touched[page] = true;
    }
    memcpy(window->bytes + (from - begin), segment->bytes.data + (from - segment->offset),
           end - from);
}

static bool is_zero(const uint8_t *page) {
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset, struct err *err) {
    while (size > 0) {
        ssize_t written = pwrite(fd, bytes, size, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return err_errno(err, written < 0 ? errno : ENOSPC, "write of the image");
        bytes += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return true;
}

static const uint8_t *page_at(const struct window *window, size_t page) {
    return window->bytes + page * PAGE;
}

/* Runs of pages that are not zero. */
static bool write_window(struct window *window, uint64_t begin, int fd, struct err *err) {
    for (size_t page = 0; page < WINDOW_PAGES; page++) {
        size_t first = page;
        while (page < WINDOW_PAGES && window->touched[page] && !is_zero(page_at(window, page)))
            page++;
        if (page == first) continue;
        if (begin + page * PAGE > LINK_MAX_IMAGE)
            return err_set(err, ERR_LIMIT,
                           "its initial memory has data beyond %d MiB, which is not supported: "
                           "build it with its data at low addresses",
                           LINK_MAX_IMAGE >> 20);
        if (!write_all(fd, page_at(window, first), (page - first) * PAGE, begin + first * PAGE,
                       err))
            return false;
    }
    return true;
}

static bool write_windows(const struct link_result *result, const struct windows *windows, int fd,
                          struct err *err) {
    struct window window = {.bytes = calloc(1, WINDOW)};
    if (window.bytes == NULL) return err_set(err, ERR_MEMORY, "no memory for writing the image");
    bool ok = true;
    for (uint32_t i = 0; i < windows->count && ok; i++) {
        uint64_t begin = (uint64_t)i * WINDOW;
        if (windows->first[i] == windows->first[i + 1]) continue;
        memset(window.touched, 0, sizeof window.touched);
        for (uint32_t at = windows->first[i]; at < windows->first[i + 1]; at++)
            put_segment(&window, begin, &result->segments[windows->segments[at]]);
        ok = write_window(&window, begin, fd, err);
    }
    free(window.bytes);
    return ok;
}

bool link_write_image(const struct link_result *result, int fd, struct err *err) {
    struct windows windows = {0};
    bool ok = windows_fill(&windows, result, err) && write_windows(result, &windows, fd, err);
    windows_free(&windows);
    return ok;
}
