/* Every function and resource of WASI 0.2: sorted by interface and name, bytewise. Types are those
 * of the official WIT 0.2.12, which did not change since 0.2.0; a unit test compares both with that
 * text.
 *
 * FUNC answers at once, PARK may wait (and is called again after a wake-up), DROP ends a resource,
 * STUB has no backend: resources of which none can be made (descriptors, sockets), and wasi:http.
 */
#include "wasi/internal.h"

#define STREAM_ERROR "variant{last-operation-failed(own<error>), closed}"
#define NETWORK_ERROR                                                                              \
    "enum{unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout, "       \
    "concurrency-conflict, not-in-progress, would-block, invalid-state, new-socket-limit, "        \
    "address-not-bindable, address-in-use, remote-unreachable, connection-refused, "               \
    "connection-reset, connection-aborted, datagram-too-large, name-unresolvable, "                \
    "temporary-resolver-failure, permanent-resolver-failure}"

/* clang-format off */
#define FUNC(interface, name, type, handler) {interface, name, type, wasi_##handler, NULL},
#define PARK(interface, name, type, handler) {interface, name, type, wasi_##handler, wasi_##handler},
#define DROP(interface, name, handler)       {interface, name, NULL, wasi_##handler, NULL},
#define STUB(interface, name)                {interface, name, NULL, NULL, NULL},

const struct host_function wasi_functions[] = {
    FUNC("wasi:cli/environment", "get-arguments", "() -> list<string>", nothing)
    FUNC("wasi:cli/environment", "get-environment", "() -> list<tuple<string, string>>", nothing)
    FUNC("wasi:cli/environment", "initial-cwd", "() -> option<string>", nothing)

    FUNC("wasi:cli/exit", "exit", "(result)", exit)
    FUNC("wasi:cli/exit", "exit-with-code", "(u8)", exit)

    FUNC("wasi:cli/stderr", "get-stderr", "() -> own<output-stream>", get_stderr)

    FUNC("wasi:cli/stdin", "get-stdin", "() -> own<input-stream>", get_stdin)

    FUNC("wasi:cli/stdout", "get-stdout", "() -> own<output-stream>", get_stdout)

    STUB("wasi:cli/terminal-input", "[resource-drop]terminal-input")

    STUB("wasi:cli/terminal-output", "[resource-drop]terminal-output")

    FUNC("wasi:cli/terminal-stderr", "get-terminal-stderr", "() -> option<own<terminal-output>>", nothing)

    FUNC("wasi:cli/terminal-stdin", "get-terminal-stdin", "() -> option<own<terminal-input>>", nothing)

    FUNC("wasi:cli/terminal-stdout", "get-terminal-stdout", "() -> option<own<terminal-output>>", nothing)

    FUNC("wasi:clocks/monotonic-clock", "now", "() -> u64", monotonic_now)
    FUNC("wasi:clocks/monotonic-clock", "resolution", "() -> u64", resolution)
    FUNC("wasi:clocks/monotonic-clock", "subscribe-duration", "(u64) -> own<pollable>", subscribe_duration)
    FUNC("wasi:clocks/monotonic-clock", "subscribe-instant", "(u64) -> own<pollable>", subscribe_instant)

    STUB("wasi:clocks/timezone", "display")
    STUB("wasi:clocks/timezone", "utc-offset")

    FUNC("wasi:clocks/wall-clock", "now", "() -> record{seconds: u64, nanoseconds: u32}", wall_now)
    FUNC("wasi:clocks/wall-clock", "resolution", "() -> record{seconds: u64, nanoseconds: u32}", wall_resolution)

    FUNC("wasi:filesystem/preopens", "get-directories", "() -> list<tuple<own<descriptor>, string>>", nothing)

    STUB("wasi:filesystem/types", "[method]descriptor.advise")
    STUB("wasi:filesystem/types", "[method]descriptor.append-via-stream")
    STUB("wasi:filesystem/types", "[method]descriptor.create-directory-at")
    STUB("wasi:filesystem/types", "[method]descriptor.get-flags")
    STUB("wasi:filesystem/types", "[method]descriptor.get-type")
    STUB("wasi:filesystem/types", "[method]descriptor.is-same-object")
    STUB("wasi:filesystem/types", "[method]descriptor.link-at")
    STUB("wasi:filesystem/types", "[method]descriptor.metadata-hash")
    STUB("wasi:filesystem/types", "[method]descriptor.metadata-hash-at")
    STUB("wasi:filesystem/types", "[method]descriptor.open-at")
    STUB("wasi:filesystem/types", "[method]descriptor.read")
    STUB("wasi:filesystem/types", "[method]descriptor.read-directory")
    STUB("wasi:filesystem/types", "[method]descriptor.read-via-stream")
    STUB("wasi:filesystem/types", "[method]descriptor.readlink-at")
    STUB("wasi:filesystem/types", "[method]descriptor.remove-directory-at")
    STUB("wasi:filesystem/types", "[method]descriptor.rename-at")
    STUB("wasi:filesystem/types", "[method]descriptor.set-size")
    STUB("wasi:filesystem/types", "[method]descriptor.set-times")
    STUB("wasi:filesystem/types", "[method]descriptor.set-times-at")
    STUB("wasi:filesystem/types", "[method]descriptor.stat")
    STUB("wasi:filesystem/types", "[method]descriptor.stat-at")
    STUB("wasi:filesystem/types", "[method]descriptor.symlink-at")
    STUB("wasi:filesystem/types", "[method]descriptor.sync")
    STUB("wasi:filesystem/types", "[method]descriptor.sync-data")
    STUB("wasi:filesystem/types", "[method]descriptor.unlink-file-at")
    STUB("wasi:filesystem/types", "[method]descriptor.write")
    STUB("wasi:filesystem/types", "[method]descriptor.write-via-stream")
    STUB("wasi:filesystem/types", "[method]directory-entry-stream.read-directory-entry")
    STUB("wasi:filesystem/types", "[resource-drop]descriptor")
    STUB("wasi:filesystem/types", "[resource-drop]directory-entry-stream")
    STUB("wasi:filesystem/types", "filesystem-error-code")

    STUB("wasi:http/outgoing-handler", "handle")

    STUB("wasi:http/types", "[constructor]fields")
    STUB("wasi:http/types", "[constructor]outgoing-request")
    STUB("wasi:http/types", "[constructor]outgoing-response")
    STUB("wasi:http/types", "[constructor]request-options")
    STUB("wasi:http/types", "[method]fields.append")
    STUB("wasi:http/types", "[method]fields.clone")
    STUB("wasi:http/types", "[method]fields.delete")
    STUB("wasi:http/types", "[method]fields.entries")
    STUB("wasi:http/types", "[method]fields.get")
    STUB("wasi:http/types", "[method]fields.has")
    STUB("wasi:http/types", "[method]fields.set")
    STUB("wasi:http/types", "[method]future-incoming-response.get")
    STUB("wasi:http/types", "[method]future-incoming-response.subscribe")
    STUB("wasi:http/types", "[method]future-trailers.get")
    STUB("wasi:http/types", "[method]future-trailers.subscribe")
    STUB("wasi:http/types", "[method]incoming-body.stream")
    STUB("wasi:http/types", "[method]incoming-request.authority")
    STUB("wasi:http/types", "[method]incoming-request.consume")
    STUB("wasi:http/types", "[method]incoming-request.headers")
    STUB("wasi:http/types", "[method]incoming-request.method")
    STUB("wasi:http/types", "[method]incoming-request.path-with-query")
    STUB("wasi:http/types", "[method]incoming-request.scheme")
    STUB("wasi:http/types", "[method]incoming-response.consume")
    STUB("wasi:http/types", "[method]incoming-response.headers")
    STUB("wasi:http/types", "[method]incoming-response.status")
    STUB("wasi:http/types", "[method]outgoing-body.write")
    STUB("wasi:http/types", "[method]outgoing-request.authority")
    STUB("wasi:http/types", "[method]outgoing-request.body")
    STUB("wasi:http/types", "[method]outgoing-request.headers")
    STUB("wasi:http/types", "[method]outgoing-request.method")
    STUB("wasi:http/types", "[method]outgoing-request.path-with-query")
    STUB("wasi:http/types", "[method]outgoing-request.scheme")
    STUB("wasi:http/types", "[method]outgoing-request.set-authority")
    STUB("wasi:http/types", "[method]outgoing-request.set-method")
    STUB("wasi:http/types", "[method]outgoing-request.set-path-with-query")
    STUB("wasi:http/types", "[method]outgoing-request.set-scheme")
    STUB("wasi:http/types", "[method]outgoing-response.body")
    STUB("wasi:http/types", "[method]outgoing-response.headers")
    STUB("wasi:http/types", "[method]outgoing-response.set-status-code")
    STUB("wasi:http/types", "[method]outgoing-response.status-code")
    STUB("wasi:http/types", "[method]request-options.between-bytes-timeout")
    STUB("wasi:http/types", "[method]request-options.connect-timeout")
    STUB("wasi:http/types", "[method]request-options.first-byte-timeout")
    STUB("wasi:http/types", "[method]request-options.set-between-bytes-timeout")
    STUB("wasi:http/types", "[method]request-options.set-connect-timeout")
    STUB("wasi:http/types", "[method]request-options.set-first-byte-timeout")
    STUB("wasi:http/types", "[method]response-outparam.send-informational")
    STUB("wasi:http/types", "[resource-drop]fields")
    STUB("wasi:http/types", "[resource-drop]future-incoming-response")
    STUB("wasi:http/types", "[resource-drop]future-trailers")
    STUB("wasi:http/types", "[resource-drop]incoming-body")
    STUB("wasi:http/types", "[resource-drop]incoming-request")
    STUB("wasi:http/types", "[resource-drop]incoming-response")
    STUB("wasi:http/types", "[resource-drop]outgoing-body")
    STUB("wasi:http/types", "[resource-drop]outgoing-request")
    STUB("wasi:http/types", "[resource-drop]outgoing-response")
    STUB("wasi:http/types", "[resource-drop]request-options")
    STUB("wasi:http/types", "[resource-drop]response-outparam")
    STUB("wasi:http/types", "[static]fields.from-list")
    STUB("wasi:http/types", "[static]incoming-body.finish")
    STUB("wasi:http/types", "[static]outgoing-body.finish")
    STUB("wasi:http/types", "[static]response-outparam.set")
    STUB("wasi:http/types", "http-error-code")

    FUNC("wasi:io/error", "[method]error.to-debug-string", "(borrow<error>) -> string", error_text)
    STUB("wasi:io/error", "[resource-drop]error")

    PARK("wasi:io/poll", "[method]pollable.block", "(borrow<pollable>)", pollable_block)
    FUNC("wasi:io/poll", "[method]pollable.ready", "(borrow<pollable>) -> bool", pollable_ready)
    DROP("wasi:io/poll", "[resource-drop]pollable", pollable_drop)
    PARK("wasi:io/poll", "poll", "(list<borrow<pollable>>) -> list<u32>", poll)

    FUNC("wasi:io/streams", "[method]input-stream.blocking-read", "(borrow<input-stream>, u64) -> result<list<u8>, " STREAM_ERROR ">", closed)
    FUNC("wasi:io/streams", "[method]input-stream.blocking-skip", "(borrow<input-stream>, u64) -> result<u64, " STREAM_ERROR ">", closed)
    FUNC("wasi:io/streams", "[method]input-stream.read", "(borrow<input-stream>, u64) -> result<list<u8>, " STREAM_ERROR ">", closed)
    FUNC("wasi:io/streams", "[method]input-stream.skip", "(borrow<input-stream>, u64) -> result<u64, " STREAM_ERROR ">", closed)
    FUNC("wasi:io/streams", "[method]input-stream.subscribe", "(borrow<input-stream>) -> own<pollable>", subscribe_ready)
    FUNC("wasi:io/streams", "[method]output-stream.blocking-flush", "(borrow<output-stream>) -> result<_, " STREAM_ERROR ">", nothing)
    FUNC("wasi:io/streams", "[method]output-stream.blocking-splice", "(borrow<output-stream>, borrow<input-stream>, u64) -> result<u64, " STREAM_ERROR ">", closed)
    FUNC("wasi:io/streams", "[method]output-stream.blocking-write-and-flush", "(borrow<output-stream>, list<u8>) -> result<_, " STREAM_ERROR ">", blocking_write)
    FUNC("wasi:io/streams", "[method]output-stream.blocking-write-zeroes-and-flush", "(borrow<output-stream>, u64) -> result<_, " STREAM_ERROR ">", blocking_write_zeroes)
    FUNC("wasi:io/streams", "[method]output-stream.check-write", "(borrow<output-stream>) -> result<u64, " STREAM_ERROR ">", check_write)
    FUNC("wasi:io/streams", "[method]output-stream.flush", "(borrow<output-stream>) -> result<_, " STREAM_ERROR ">", nothing)
    FUNC("wasi:io/streams", "[method]output-stream.splice", "(borrow<output-stream>, borrow<input-stream>, u64) -> result<u64, " STREAM_ERROR ">", closed)
    FUNC("wasi:io/streams", "[method]output-stream.subscribe", "(borrow<output-stream>) -> own<pollable>", subscribe_ready)
    FUNC("wasi:io/streams", "[method]output-stream.write", "(borrow<output-stream>, list<u8>) -> result<_, " STREAM_ERROR ">", write)
    FUNC("wasi:io/streams", "[method]output-stream.write-zeroes", "(borrow<output-stream>, u64) -> result<_, " STREAM_ERROR ">", write_zeroes)
    DROP("wasi:io/streams", "[resource-drop]input-stream", nothing)
    DROP("wasi:io/streams", "[resource-drop]output-stream", nothing)

    PARK("wasi:random/insecure", "get-insecure-random-bytes", "(u64) -> list<u8>", random_bytes)
    FUNC("wasi:random/insecure", "get-insecure-random-u64", "() -> u64", random_u64)

    FUNC("wasi:random/insecure-seed", "insecure-seed", "() -> tuple<u64, u64>", random_seed)

    PARK("wasi:random/random", "get-random-bytes", "(u64) -> list<u8>", random_bytes)
    FUNC("wasi:random/random", "get-random-u64", "() -> u64", random_u64)

    FUNC("wasi:sockets/instance-network", "instance-network", "() -> own<network>", network)

    STUB("wasi:sockets/ip-name-lookup", "[method]resolve-address-stream.resolve-next-address")
    STUB("wasi:sockets/ip-name-lookup", "[method]resolve-address-stream.subscribe")
    STUB("wasi:sockets/ip-name-lookup", "[resource-drop]resolve-address-stream")
    FUNC("wasi:sockets/ip-name-lookup", "resolve-addresses", "(borrow<network>, string) -> result<own<resolve-address-stream>, " NETWORK_ERROR ">", access_denied)

    DROP("wasi:sockets/network", "[resource-drop]network", nothing)
    STUB("wasi:sockets/network", "network-error-code")

    STUB("wasi:sockets/tcp", "[method]tcp-socket.accept")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.address-family")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.finish-bind")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.finish-connect")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.finish-listen")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.hop-limit")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.is-listening")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.keep-alive-count")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.keep-alive-enabled")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.keep-alive-idle-time")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.keep-alive-interval")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.local-address")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.receive-buffer-size")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.remote-address")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.send-buffer-size")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.set-hop-limit")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.set-keep-alive-count")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.set-keep-alive-enabled")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.set-keep-alive-idle-time")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.set-keep-alive-interval")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.set-listen-backlog-size")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.set-receive-buffer-size")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.set-send-buffer-size")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.shutdown")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.start-bind")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.start-connect")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.start-listen")
    STUB("wasi:sockets/tcp", "[method]tcp-socket.subscribe")
    STUB("wasi:sockets/tcp", "[resource-drop]tcp-socket")

    FUNC("wasi:sockets/tcp-create-socket", "create-tcp-socket", "(enum{ipv4, ipv6}) -> result<own<tcp-socket>, " NETWORK_ERROR ">", access_denied)

    STUB("wasi:sockets/udp", "[method]incoming-datagram-stream.receive")
    STUB("wasi:sockets/udp", "[method]incoming-datagram-stream.subscribe")
    STUB("wasi:sockets/udp", "[method]outgoing-datagram-stream.check-send")
    STUB("wasi:sockets/udp", "[method]outgoing-datagram-stream.send")
    STUB("wasi:sockets/udp", "[method]outgoing-datagram-stream.subscribe")
    STUB("wasi:sockets/udp", "[method]udp-socket.address-family")
    STUB("wasi:sockets/udp", "[method]udp-socket.finish-bind")
    STUB("wasi:sockets/udp", "[method]udp-socket.local-address")
    STUB("wasi:sockets/udp", "[method]udp-socket.receive-buffer-size")
    STUB("wasi:sockets/udp", "[method]udp-socket.remote-address")
    STUB("wasi:sockets/udp", "[method]udp-socket.send-buffer-size")
    STUB("wasi:sockets/udp", "[method]udp-socket.set-receive-buffer-size")
    STUB("wasi:sockets/udp", "[method]udp-socket.set-send-buffer-size")
    STUB("wasi:sockets/udp", "[method]udp-socket.set-unicast-hop-limit")
    STUB("wasi:sockets/udp", "[method]udp-socket.start-bind")
    STUB("wasi:sockets/udp", "[method]udp-socket.stream")
    STUB("wasi:sockets/udp", "[method]udp-socket.subscribe")
    STUB("wasi:sockets/udp", "[method]udp-socket.unicast-hop-limit")
    STUB("wasi:sockets/udp", "[resource-drop]incoming-datagram-stream")
    STUB("wasi:sockets/udp", "[resource-drop]outgoing-datagram-stream")
    STUB("wasi:sockets/udp", "[resource-drop]udp-socket")

    FUNC("wasi:sockets/udp-create-socket", "create-udp-socket", "(enum{ipv4, ipv6}) -> result<own<udp-socket>, " NETWORK_ERROR ">", access_denied)
};
/* clang-format on */

const size_t wasi_function_count = sizeof wasi_functions / sizeof *wasi_functions;

const struct host_table wasi_table = {
    .package = "wasi:",
    .major = 0,
    .minor = 2,
    .patch = UINT32_MAX,
    .functions = wasi_functions,
    .count = sizeof wasi_functions / sizeof *wasi_functions,
};
