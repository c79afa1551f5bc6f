/* The namespaces of the configuration: "dev" when there is none. Private to src/kernel's config.
 * Thread: main. */
#ifndef PK_KERNEL_CONFIG_NAMESPACES_H
#define PK_KERNEL_CONFIG_NAMESPACES_H

#include "kernel/config.h"
#include "kernel/config_entry.h"

/* Fills namespaces and namespace_count; false: `err` names the namespace. */
bool config_read_namespaces(const struct config_entries *entries, struct config *config,
                            struct err *err);

/* config.c's: a line of the log at start; the text is copied. */
bool config_warn(struct config *config, const char *text, struct err *err);

#endif
