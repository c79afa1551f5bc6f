/* Names of the component level: what they may be made of, and tables to find them by. Internal to
 * src/component. */
#ifndef PK_COMPONENT_NAMES_H
#define PK_COMPONENT_NAMES_H

#include "component/reader.h"

/* A hash table from (scope, name) to a number; scopes keep the names of different instances apart.
 * Zero it before use. */
struct names {
    struct names_entry *entries;
    uint32_t count, room;
};

enum names_result { NAMES_ADDED, NAMES_DUPLICATE, NAMES_MEMORY, NAMES_CROWDED };

enum names_result names_add(struct names *names, uint32_t scope, struct str name, uint32_t value);
/* UINT32_MAX when it is not there. */
uint32_t names_find(const struct names *names, uint32_t scope, struct str name);
void names_free(struct names *names);

/* For arrays whose items begin with their name (a struct str): sort them; returns a name that
 * occurs twice, or NULL. */
const struct str *names_sort(void *items, uint32_t count, size_t item_size);
/* The item of that name in such an array, sorted, or NULL. */
const void *names_search(const void *items, uint32_t count, size_t item_size, struct str name);

/* Names go into texts, logs, JSON and names of core imports as they are, so each may be made of no
 * more than its kind needs. */
enum names_class {
    NAMES_LABEL, /* letters, digits and - */
    NAMES_PLAIN, /* and . [ ]: functions and types, "[method]output-stream.flush" */
    NAMES_EXTERN, /* and : / @ +: interfaces and versions; so not url=<…> and the like, which nobody
                     could give us anyway */
};
/* A function's name: NAMES_PLAIN, and what is in brackets before it is known; so none is
 * "[resource-drop]x", as core imports call the drop of a handle. */
bool names_check_func(struct reader *reader, uint32_t offset, struct str name);
/* 1 to COMPONENT_MAX_NAME bytes of that kind. */
struct str names_read(struct reader *reader, enum names_class names_class, const char *what);
/* importname' and exportname': a byte that says which form it is, and a name of NAMES_EXTERN. */
struct str names_read_extern(struct reader *reader, const char *what);

#endif
