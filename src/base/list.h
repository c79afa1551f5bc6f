/* Doubly linked lists through a member of their elements: nothing is allocated, and an element is
 * taken out wherever it stands. Not thread-safe; whoever owns the list says which thread. */
#ifndef PK_BASE_LIST_H
#define PK_BASE_LIST_H

#include <stddef.h>

#include "base/owner.h" /* from a link to its element */

struct list_link {
    struct list_link *previous, *next;
};

struct list {
    struct list_link *first, *last; /* NULL: empty */
};

/* `link` is in no list. */
static inline void list_append(struct list *list, struct list_link *link) {
    link->previous = list->last;
    link->next = NULL;
    *(list->last ? &list->last->next : &list->first) = link;
    list->last = link;
}

/* `link` is in no list. */
static inline void list_prepend(struct list *list, struct list_link *link) {
    link->previous = NULL;
    link->next = list->first;
    *(list->first ? &list->first->previous : &list->last) = link;
    list->first = link;
}

/* `link` is in this list. */
static inline void list_remove(struct list *list, struct list_link *link) {
    *(link->previous ? &link->previous->next : &list->first) = link->next;
    *(link->next ? &link->next->previous : &list->last) = link->previous;
}

/* The first, taken out; NULL when the list is empty. With list_append: a queue. */
static inline struct list_link *list_take(struct list *list) {
    struct list_link *first = list->first;
    if (first) list_remove(list, first);
    return first;
}

#endif
