/* What the tests of the store share: a directory of skills, a cache, a store over them, children
 * that misbehave on demand.
 *
 * The test program is its own compile child. A file that ends in "!WORD" makes the linking child
 * behave as mode_of says; such an end is put behind a good component as a custom section, which
 * changes the component and nothing that is made of it. */
#ifndef PK_TESTS_STORE_WORLD_H
#define PK_TESTS_STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "store/store_internal.h"

/* A request and what became of it. */
struct ask {
    struct skill_request request;
    atomic_bool done;
    enum skill_answer answer;
};

struct world {
    struct skill_store *store;
    struct skill_store_settings settings;
    struct skill_namespace namespaces[2];
    char skills[100], cache[100], log[100], held[100];
    atomic_uint images_dropped;
};

extern struct world world;
extern struct engine *world_engine;
extern struct err world_err;
extern bool world_without_inotify; /* as where it is not to be had */

int world_begin(void **state); /* directories, and settings to be changed before world_start */
int world_end(void **state);
void world_start(void);
void world_stop(void); /* and free the store */
void world_restart(void);

/* ---- files */
void put_bytes(const char *name, const void *bytes,
               size_t size); /* skills/NAME.wasm, as cp does it */
void put_good(const char *name,
              const char *word); /* the component with "!WORD" behind it; NULL: without */
void put_text(const char *name, const char *text);
void put_renamed(const char *name, const char *word); /* written elsewhere, renamed into place */
void take_away(const char *name);
const char *skill_path(const char *name);
const uint8_t *good_bytes(size_t *size);
uint8_t *good_with(const char *word, size_t *size); /* malloc */

/* From hold() to let_go() the linking children of "!slow" and "!late" wait: what is done between
 * happens while they load, however busy the machine is. */
void hold(void);
void let_go(void);

/* ---- questions */
struct ask *ask_for(const char *name); /* dev/NAME; freed by end_ask */
void wait_for(struct ask *ask);
void end_ask(struct ask *ask);             /* waits, releases */
struct skill *load_good(const char *name); /* counted; the test fails when it does not load */
void becomes_good(const char *name);       /* loads once the store has noticed its file */
void load_fails(const char *name, const char *part);
/* Wait until the list is exactly this ("a,b"); fails after `ms`. Returns how many ns it took. */
uint64_t listed(const char *names, unsigned ms);
uint64_t cached(const char *names, unsigned ms);
enum entry_state world_state(const char *name); /* dev/NAME must be listed */
/* How many children of a stage ('L' link, 'C' compile) have run since world_begin. */
unsigned children(char stage);

int world_main(int argc, char **argv, const struct CMUnitTest *tests, size_t count);

#endif
