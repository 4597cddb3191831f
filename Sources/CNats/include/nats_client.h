#pragma once

#include <stddef.h>
#include <stdint.h>

// The few calls of the NATS client (Debian's libnats3.4) that are used, found when they are first needed, so that the
// program is built and runs where the library is not. Every call may block for some seconds and says in `reason` why it failed.

typedef enum {
  holstream_nats_ok,
  /// There is no such key.
  holstream_nats_absent,
  /// The key is there already, or has another revision: someone was first.
  holstream_nats_taken,
  /// The bucket is full.
  holstream_nats_full,
  /// The server does not know us, or we do not trust it.
  holstream_nats_refused,
  /// Anything else; the connection is best made anew.
  holstream_nats_failed,
} holstream_nats_outcome;

enum { holstream_nats_reason_length = 512 };

typedef struct holstream_nats holstream_nats;
typedef struct holstream_nats_bucket holstream_nats_bucket;

/// Why the client's library cannot be used; null where it can.
const char *holstream_nats_missing(void);

/// @param token Null for none.
/// @param authority File with the certificates that are trusted, null for the system's.
/// @param host The name that the server's certificate must carry, where the connection must be by TLS; else null.
holstream_nats_outcome holstream_nats_connect(
    holstream_nats **connection, const char *url, const char *token, const char *authority, const char *host, char *reason);
void holstream_nats_close(holstream_nats *connection);

/// Opens a bucket of keys, made where it is not there.
/// @param lifetime Nanoseconds after which a value is forgotten; 0 for never.
/// @param most Bytes of all values; 0 without bound.
holstream_nats_outcome holstream_nats_open(
    holstream_nats_bucket **bucket, holstream_nats *connection, const char *name, int64_t lifetime, int64_t most,
    char *reason);
void holstream_nats_leave(holstream_nats_bucket *bucket);

holstream_nats_outcome holstream_nats_put(
    holstream_nats_bucket *bucket, const char *key, const void *bytes, size_t count, char *reason);
/// Puts a value where there is none.
holstream_nats_outcome holstream_nats_create(
    holstream_nats_bucket *bucket, const char *key, const void *bytes, size_t count, uint64_t *revision, char *reason);
/// Puts a value where `revision` is the last one, and sets it to the new one.
holstream_nats_outcome holstream_nats_update(
    holstream_nats_bucket *bucket, const char *key, const void *bytes, size_t count, uint64_t *revision, char *reason);
/// @param bytes To be freed by the caller.
/// @param created When it was put, in nanoseconds since 1970 by the server's clock.
holstream_nats_outcome holstream_nats_get(
    holstream_nats_bucket *bucket, const char *key, void **bytes, size_t *count, uint64_t *revision, int64_t *created,
    char *reason);
/// @param keys Each followed by a zero; to be freed by the caller.
holstream_nats_outcome holstream_nats_keys(holstream_nats_bucket *bucket, char **keys, size_t *count, char *reason);
/// Removes a key without a trace.
holstream_nats_outcome holstream_nats_remove(holstream_nats_bucket *bucket, const char *key, char *reason);
