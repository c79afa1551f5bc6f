/* Settings of the existing Kernel that this kernel does not honour yet. A setting that takes effect
 * moves out of this table into config.c's table: delete its row here. Private to src/kernel's
 * config. Thread: main. */
#ifndef PK_KERNEL_CONFIG_UNSUPPORTED_H
#define PK_KERNEL_CONFIG_UNSUPPORTED_H

#include "base/buf.h"
#include "kernel/config_entry.h"

struct config_unsupported;

/* The row of this path, or NULL. */
const struct config_unsupported *config_unsupported_find(const struct config_entry *entry);
/* Whether the value asks for nothing beyond what this kernel does: an empty text, an empty array,
 * or the existing Kernel's default. */
bool config_unsupported_harmless(const struct config_unsupported *row,
                                 const struct config_entry *entry);
/* Always false: the text says the source, the key as it was written, what it is, what to do. */
bool config_unsupported_refuse(const struct config_unsupported *row,
                               const struct config_entry *entry, struct err *err);

/* Lines of --help, and a table of docs/configuration.md. */
void config_unsupported_help(struct buf *out);
void config_unsupported_markdown(struct buf *out);

#endif
