#include <string.h>

#include "eval/client.h"

bool client_request(struct buf *out, const char *host, const char *method, const char *path,
                    const char *body, bool bearer) {
    buf_format(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host);
    if (bearer) buf_text(out, "Authorization: Bearer resource-eval\r\n");
    if (body)
        buf_format(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    buf_text(out, "\r\n");
    return buf_text(out, body ? body : "");
}
