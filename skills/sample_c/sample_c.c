// The sample skill in C: greets, holds memory and waits as the input asks.
//
// The bindings are written by hand: what a component of world skill exports, as core functions
// with the layouts of the canonical ABI.
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasi/api.h>

// The build names other versions of the world, too: run is the same in all.
#ifndef WORLD
#define WORLD       "0.3.11"
#define WORLD_MINOR 3
#endif
#define HANDLER      "pharia:skill/skill-handler@" WORLD "#"
#define EXPORT(name) __attribute__((export_name(name)))

enum { PAGE = 4096, CHUNK_MIN = 100, CHUNK_MAX = 300 }; // chunks in KB

// ---- the canonical ABI --------------------------------------------------------------------------

// list<u8> and string
struct abi_list {
    const char *data;
    size_t size;
};

enum { RESULT_OK, RESULT_ERROR };
enum { ERROR_INTERNAL, ERROR_INVALID_INPUT };

// result<list<u8>, error>
struct abi_result {
    uint8_t is_error;
    union {
        struct abi_list ok;
        struct {
            uint8_t kind;
            struct abi_list text;
        } error;
    };
};

// record skill-metadata; description is an option
struct abi_metadata {
    uint8_t has_description;
    struct abi_list description, input_schema, output_schema;
};

_Static_assert(sizeof(struct abi_result) == 16, "tag at 0, list at 4 or case at 4 and list at 8");
_Static_assert(sizeof(struct abi_metadata) == 28, "tag at 0, lists at 4, 12, 20");

// The host gets room for the input here.
EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    (void)old_size;
    if (size == 0) return (void *)align; // any aligned address will do
    void *block = realloc(old, size);
    if (!block) __builtin_trap();
    return block;
}

// ---- the skill ----------------------------------------------------------------------------------

struct input {
    struct json_text topic;
    int64_t memory, wait_time, chunks; // KB, ms, count; -1 where not given
};

// Chunks are chained by their first bytes, so that holding them takes no other memory.
struct chunk {
    struct chunk *next;
};

static const char *read_input(struct json_reader *r, struct input *in) {
    static const struct {
        const char *name;
        size_t offset;
        int64_t least;
    } numbers[] = {
        {"memory", offsetof(struct input, memory), 0},
        {"wait_time", offsetof(struct input, wait_time), 0},
        {"chunks", offsetof(struct input, chunks), 1},
    };
    struct json_text key;
    bool first = true;

    *in = (struct input){.memory = -1, .wait_time = -1, .chunks = -1};
    json_object_begin(r);
    while (json_object_key(r, &first, &key)) {
        int64_t *number = NULL, least = 0;
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            if (key.size != strlen(numbers[i].name) ||
                memcmp(key.data, numbers[i].name, key.size) != 0)
                continue;
            number = (int64_t *)((char *)in + numbers[i].offset);
            least = numbers[i].least;
        }
        if (key.size == 5 && memcmp(key.data, "topic", 5) == 0) {
            json_string(r, &in->topic);
        } else if (!number) {
            json_skip(r);
        } else if (json_null(r)) {
            *number = -1;
        } else if (json_integer(r, number) && *number < least) {
            return "memory, wait_time or chunks is too small";
        }
    }
    if (!json_end(r)) return r->error;
    return in->topic.data ? NULL : "topic is missing";
}

// From low to high; the bias of the remainder does not matter here.
static int64_t random_between(int64_t low, int64_t high) {
    uint32_t bits = 0;
    if (__wasi_random_get((uint8_t *)&bits, sizeof bits) != 0) __builtin_trap();
    return low + (int64_t)(bits % (uint32_t)(high - low + 1));
}

// A chunk of which every page was written, as zeros alone may be no memory yet.
static bool hold(struct chunk **held, int64_t size) {
    size_t bytes = size == 0 ? sizeof(struct chunk) : (size_t)size * 1024;
    volatile char *block = malloc(bytes);
    if (!block) return false;
    for (size_t i = 0; i < bytes; i += PAGE) block[i] = 1;
    struct chunk *chunk = (struct chunk *)block;
    chunk->next = *held;
    *held = chunk;
    return true;
}

// Returns the number of chunks, -1 when there is not that much memory.
static int64_t hold_all(struct chunk **held, int64_t memory, int64_t chunks) {
    int64_t count = 0;
    if (memory > UINT32_MAX / 1024) return -1;
    if (chunks > 0) {
        for (; count < chunks; count++)
            if (!hold(held, memory / chunks + (count < memory % chunks))) return -1;
        return count;
    }
    while (memory > CHUNK_MAX) {
        // What remains is never less than the smallest chunk.
        int64_t most = memory - CHUNK_MIN < CHUNK_MAX ? memory - CHUNK_MIN : CHUNK_MAX;
        int64_t size = random_between(CHUNK_MIN, most);
        if (!hold(held, size)) return -1;
        memory -= size;
        count++;
    }
    return hold(held, memory) ? count + 1 : -1;
}

static void release(struct chunk *held) {
    while (held) {
        struct chunk *next = held->next;
        free(held);
        held = next;
    }
}

static bool wait_ms(int64_t ms) {
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    return nanosleep(&time, NULL) == 0;
}

// The answer, a JSON string; NULL when there is no memory for it.
static char *greet(const struct input *in, int64_t chunks, size_t *size) {
    char parts[128] = "";
    size_t used = 0;
    if (in->memory >= 0)
        used = (size_t)sprintf(parts, "  memory=%06" PRId64 " KB in %" PRId64 " chunks", in->memory,
                               chunks);
    if (in->wait_time >= 0)
        sprintf(parts + used, "%s time=%06" PRId64 " ms", used ? "" : " ", in->wait_time);

    char *text = malloc(6 * in->topic.size + sizeof "\"Hello \"" + sizeof parts);
    if (!text) return NULL;
    char *end = json_quote(text + strlen("Hello "), in->topic);
    memcpy(text, "\"Hello ", strlen("\"Hello ")); // over the quote that json_quote began with
    *size = (size_t)(end - 1 - text) + (size_t)sprintf(end - 1, "%s\"", parts);
    return text;
}

static void set_error(struct abi_result *result, int kind, const char *text) {
    result->is_error = RESULT_ERROR;
    result->error.kind = (uint8_t)kind;
    result->error.text = (struct abi_list){text, strlen(text)};
}

// ---- exports ------------------------------------------------------------------------------------

static void serve(const struct input *in, struct abi_result *result) {
    struct chunk *held = NULL;
    int64_t chunks = in->memory < 0 ? 0 : hold_all(&held, in->memory, in->chunks);
    bool waited = chunks < 0 || in->wait_time < 0 || wait_ms(in->wait_time);

    release(held);
    result->is_error = RESULT_OK;
    result->ok.data = chunks < 0 ? NULL : greet(in, chunks, &result->ok.size);
    if (!result->ok.data) set_error(result, ERROR_INTERNAL, "out of memory");
    if (!waited) set_error(result, ERROR_INTERNAL, "cannot wait that long");
}

EXPORT(HANDLER "run")
struct abi_result *run(char *data, size_t size) {
    static struct abi_result result; // the host reads it before it calls again
    struct json_reader reader = {.at = data, .end = data + size};
    struct input in;

    const char *error = read_input(&reader, &in);
    if (error)
        set_error(&result, ERROR_INVALID_INPUT, error);
    else
        serve(&in, &result);
    if (size > 0) free(data);
    return &result;
}

// Called when the host has read the result.
EXPORT("cabi_post_" HANDLER "run")
void run_post(struct abi_result *result) {
    if (!result->is_error) free((char *)result->ok.data);
}

#if WORLD_MINOR >= 3
EXPORT(HANDLER "metadata")
struct abi_metadata *metadata(void) {
    static const char description[] = "Greets a topic; holds memory and waits when asked.";
    static const char input[] = "{\"title\":\"Input\",\"type\":\"object\",\"properties\":{"
                                "\"topic\":{\"type\":\"string\"},"
                                "\"memory\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,"
                                "\"description\":\"KB to hold, in chunks of 100 to 300 KB\"},"
                                "\"wait_time\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,"
                                "\"description\":\"ms to wait while holding it\"},"
                                "\"chunks\":{\"type\":[\"integer\",\"null\"],\"minimum\":1,"
                                "\"description\":\"so many equal chunks instead\"}},"
                                "\"required\":[\"topic\"]}";
    static const char output[] = "{\"title\":\"Output\",\"type\":\"string\"}";
    static struct abi_metadata found = {
        .has_description = 1,
        .description = {description, sizeof description - 1},
        .input_schema = {input, sizeof input - 1},
        .output_schema = {output, sizeof output - 1},
    };
    return &found;
}
#endif
