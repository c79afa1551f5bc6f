#include <stdarg.h>
#include <stdio.h>

#include "abi/instance.h"

bool abi_fail(struct abi_instance *instance, const char *format, ...) {
    if (instance->error[0] != '\0') return false;
    va_list args;
    va_start(args, format);
    vsnprintf(instance->error, sizeof instance->error, format, args);
    va_end(args);
    return false;
}
