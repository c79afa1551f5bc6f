/* Texts of settings and what they mean. Thread: any. */
#ifndef PK_KERNEL_CONFIG_VALUE_H
#define PK_KERNEL_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* "1024", "64Mi", "1G", "1.5Gi", "512 MiB": Ki, Mi, Gi, Ti are powers of 1024, k, K, M, G, T of
 * 1000; a B may follow. */
bool config_parse_size(const char *text, uint64_t *bytes, struct err *err);
bool config_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *count,
                        struct err *err);
/* 1, true, on, yes; 0, false, off, no; any case. */
bool config_parse_bool(const char *text, bool *value, struct err *err);

#endif
