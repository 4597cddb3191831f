#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nats_client.h"

// What version 3.4 of the client declares, as far as it is called here.

typedef int natsStatus;
enum { NATS_OK = 0, NATS_CONNECTION_AUTH_FAILED = 11, NATS_NOT_FOUND = 13, NATS_SSL_ERROR = 29 };

typedef struct natsOptions natsOptions;
typedef struct natsConnection natsConnection;
typedef struct jsCtx jsCtx;
typedef struct kvStore kvStore;
typedef struct kvEntry kvEntry;

typedef struct {
  const char *Bucket;
  const char *Description;
  int32_t MaxValueSize;
  uint8_t History;
  int64_t TTL;
  int64_t MaxBytes;
  int StorageType;
  int Replicas;
  void *RePublish;
} kvConfig;

typedef struct {
  char **Keys;
  int Count;
} kvKeysList;

typedef struct {
  const char *Prefix;
  const char *Domain;
  int64_t Wait;
  struct {
    int64_t MaxPending;
    void *AckHandler;
    void *AckHandlerClosure;
    void *ErrHandler;
    void *ErrHandlerClosure;
    int64_t StallWait;
  } PublishAsync;
  struct {
    struct {
      const char *Subject;
      uint64_t Sequence;
      uint64_t Keep;
    } Purge;
    struct {
      int DeletedDetailsAndPadding;
      const char *SubjectsFilter;
    } Info;
  } Stream;
  // A later library of the same name may have more.
  char rest[512];
} jsOptions;

static struct {
  natsStatus (*nats_Open)(int64_t);
  const char *(*nats_GetVersion)(void);
  const char *(*nats_GetLastError)(natsStatus *);
  const char *(*natsStatus_GetText)(natsStatus);
  natsStatus (*natsOptions_Create)(natsOptions **);
  void (*natsOptions_Destroy)(natsOptions *);
  natsStatus (*natsOptions_SetURL)(natsOptions *, const char *);
  natsStatus (*natsOptions_SetName)(natsOptions *, const char *);
  natsStatus (*natsOptions_SetToken)(natsOptions *, const char *);
  natsStatus (*natsOptions_SetTimeout)(natsOptions *, int64_t);
  natsStatus (*natsOptions_SetSecure)(natsOptions *, _Bool);
  natsStatus (*natsOptions_SetExpectedHostname)(natsOptions *, const char *);
  natsStatus (*natsOptions_LoadCATrustedCertificates)(natsOptions *, const char *);
  natsStatus (*natsOptions_SetAllowReconnect)(natsOptions *, _Bool);
  natsStatus (*natsOptions_SetPingInterval)(natsOptions *, int64_t);
  natsStatus (*natsConnection_Connect)(natsConnection **, natsOptions *);
  void (*natsConnection_Destroy)(natsConnection *);
  natsStatus (*natsConnection_JetStream)(jsCtx **, natsConnection *, jsOptions *);
  void (*jsCtx_Destroy)(jsCtx *);
  natsStatus (*jsOptions_Init)(jsOptions *);
  natsStatus (*js_PurgeStream)(jsCtx *, const char *, jsOptions *, int *);
  natsStatus (*js_KeyValue)(kvStore **, jsCtx *, const char *);
  natsStatus (*js_CreateKeyValue)(kvStore **, jsCtx *, kvConfig *);
  natsStatus (*kvConfig_Init)(kvConfig *);
  void (*kvStore_Destroy)(kvStore *);
  natsStatus (*kvStore_Put)(uint64_t *, kvStore *, const char *, const void *, int);
  natsStatus (*kvStore_Create)(uint64_t *, kvStore *, const char *, const void *, int);
  natsStatus (*kvStore_Update)(uint64_t *, kvStore *, const char *, const void *, int, uint64_t);
  natsStatus (*kvStore_Get)(kvEntry **, kvStore *, const char *);
  natsStatus (*kvStore_Keys)(kvKeysList *, kvStore *, void *);
  void (*kvKeysList_Destroy)(kvKeysList *);
  const void *(*kvEntry_Value)(kvEntry *);
  int (*kvEntry_ValueLen)(kvEntry *);
  uint64_t (*kvEntry_Revision)(kvEntry *);
  int64_t (*kvEntry_Created)(kvEntry *);
  void (*kvEntry_Destroy)(kvEntry *);
} nats;

static const char *missing = NULL;
static pthread_once_t looked = PTHREAD_ONCE_INIT;

static void look(void) {
  void *library = dlopen("libnats.so.3.4", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    missing = "its client library libnats.so.3.4 is not there (Debian: apt-get install libnats3.4)";
    return;
  }
#define FIND(name)                                                             \
  if ((*(void **)&nats.name = dlsym(library, #name)) == NULL) {                \
    missing = "its client library libnats.so.3.4 lacks the function " #name;   \
    return;                                                                    \
  }
  FIND(nats_Open) FIND(nats_GetVersion) FIND(nats_GetLastError) FIND(natsStatus_GetText) FIND(natsOptions_Create)
  FIND(natsOptions_Destroy) FIND(natsOptions_SetURL) FIND(natsOptions_SetName) FIND(natsOptions_SetToken)
  FIND(natsOptions_SetTimeout) FIND(natsOptions_SetSecure) FIND(natsOptions_SetExpectedHostname)
  FIND(natsOptions_LoadCATrustedCertificates)
  FIND(natsOptions_SetAllowReconnect) FIND(natsOptions_SetPingInterval) FIND(natsConnection_Connect)
  FIND(natsConnection_Destroy) FIND(natsConnection_JetStream) FIND(jsCtx_Destroy) FIND(jsOptions_Init)
  FIND(js_PurgeStream) FIND(js_KeyValue) FIND(js_CreateKeyValue) FIND(kvConfig_Init) FIND(kvStore_Destroy)
  FIND(kvStore_Put) FIND(kvStore_Create) FIND(kvStore_Update) FIND(kvStore_Get) FIND(kvStore_Keys)
  FIND(kvKeysList_Destroy) FIND(kvEntry_Value) FIND(kvEntry_ValueLen) FIND(kvEntry_Revision) FIND(kvEntry_Created)
  FIND(kvEntry_Destroy)
#undef FIND
  if (nats.nats_Open(-1) != NATS_OK) missing = "its client library cannot be started";
}

const char *holstream_nats_missing(void) {
  pthread_once(&looked, look);
  return missing;
}

/// What a status means here, by the words of the last error where there are any.
static holstream_nats_outcome outcome(natsStatus status, char *reason) {
  if (status == NATS_OK) return holstream_nats_ok;
  const char *words = nats.nats_GetLastError(NULL);
  const char *text = nats.natsStatus_GetText(status);
  if (words != NULL && words[0] != 0)
    snprintf(reason, holstream_nats_reason_length, "%s (%s)", words, text);
  else
    snprintf(reason, holstream_nats_reason_length, "%s", text);
  if (words != NULL && (strstr(words, "wrong last sequence") != NULL || strstr(words, "10071") != NULL))
    return holstream_nats_taken;
  if (words != NULL && (strstr(words, "maximum bytes exceeded") != NULL || strstr(words, "10077") != NULL))
    return holstream_nats_full;
  if (status == NATS_NOT_FOUND) return holstream_nats_absent;
  if (status == NATS_CONNECTION_AUTH_FAILED || status == NATS_SSL_ERROR) return holstream_nats_refused;
  return holstream_nats_failed;
}

struct holstream_nats {
  natsConnection *connection;
  jsCtx *stream;
};

struct holstream_nats_bucket {
  kvStore *store;
  jsCtx *stream;
  char name[128];
};

holstream_nats_outcome holstream_nats_connect(
    holstream_nats **result, const char *url, const char *token, const char *authority, const char *host, char *reason) {
  natsOptions *options = NULL;
  holstream_nats *made = calloc(1, sizeof *made);
  natsStatus status = nats.natsOptions_Create(&options);
  if (status == NATS_OK) status = nats.natsOptions_SetURL(options, url);
  if (status == NATS_OK) status = nats.natsOptions_SetName(options, "holstream");
  if (status == NATS_OK && token != NULL) status = nats.natsOptions_SetToken(options, token);
  if (status == NATS_OK) status = nats.natsOptions_SetTimeout(options, 5000);
  if (status == NATS_OK && (host != NULL || authority != NULL)) status = nats.natsOptions_SetSecure(options, 1);
  // Without it the client takes any certificate of a trusted authority for the server's.
  if (status == NATS_OK && host != NULL) status = nats.natsOptions_SetExpectedHostname(options, host);
  if (status == NATS_OK && authority != NULL)
    status = nats.natsOptions_LoadCATrustedCertificates(options, authority);
  // Whoever calls connects anew: what is then missing at the server is made again.
  if (status == NATS_OK) status = nats.natsOptions_SetAllowReconnect(options, 0);
  if (status == NATS_OK) status = nats.natsOptions_SetPingInterval(options, 10000);
  if (status == NATS_OK) status = nats.natsConnection_Connect(&made->connection, options);
  if (status == NATS_OK) status = nats.natsConnection_JetStream(&made->stream, made->connection, NULL);
  holstream_nats_outcome said = outcome(status, reason);
  if (options != NULL) nats.natsOptions_Destroy(options);
  if (said != holstream_nats_ok) {
    holstream_nats_close(made);
    return said;
  }
  *result = made;
  return said;
}

void holstream_nats_close(holstream_nats *connection) {
  if (connection->stream != NULL) nats.jsCtx_Destroy(connection->stream);
  if (connection->connection != NULL) nats.natsConnection_Destroy(connection->connection);
  free(connection);
}

holstream_nats_outcome holstream_nats_open(
    holstream_nats_bucket **bucket, holstream_nats *connection, const char *name, int64_t lifetime, int64_t most,
    char *reason) {
  kvStore *store = NULL;
  natsStatus status = nats.js_KeyValue(&store, connection->stream, name);
  if (status == NATS_NOT_FOUND) {
    kvConfig configuration;
    nats.kvConfig_Init(&configuration);
    configuration.Bucket = name;
    configuration.History = 1;
    configuration.TTL = lifetime;
    configuration.MaxBytes = most > 0 ? most : -1;
    status = nats.js_CreateKeyValue(&store, connection->stream, &configuration);
    // Someone else may have made it in the meantime.
    if (status != NATS_OK) status = nats.js_KeyValue(&store, connection->stream, name);
  }
  if (status != NATS_OK) {
    outcome(status, reason);
    return status == NATS_NOT_FOUND ? holstream_nats_failed : outcome(status, reason);
  }
  holstream_nats_bucket *made = calloc(1, sizeof *made);
  made->store = store;
  made->stream = connection->stream;
  snprintf(made->name, sizeof made->name, "%s", name);
  *bucket = made;
  return holstream_nats_ok;
}

void holstream_nats_leave(holstream_nats_bucket *bucket) {
  nats.kvStore_Destroy(bucket->store);
  free(bucket);
}

holstream_nats_outcome holstream_nats_put(
    holstream_nats_bucket *bucket, const char *key, const void *bytes, size_t count, char *reason) {
  uint64_t revision;
  return outcome(nats.kvStore_Put(&revision, bucket->store, key, bytes, (int)count), reason);
}

holstream_nats_outcome holstream_nats_create(
    holstream_nats_bucket *bucket, const char *key, const void *bytes, size_t count, uint64_t *revision, char *reason) {
  return outcome(nats.kvStore_Create(revision, bucket->store, key, bytes, (int)count), reason);
}

holstream_nats_outcome holstream_nats_update(
    holstream_nats_bucket *bucket, const char *key, const void *bytes, size_t count, uint64_t *revision, char *reason) {
  return outcome(nats.kvStore_Update(revision, bucket->store, key, bytes, (int)count, *revision), reason);
}

holstream_nats_outcome holstream_nats_get(
    holstream_nats_bucket *bucket, const char *key, void **bytes, size_t *count, uint64_t *revision, int64_t *created,
    char *reason) {
  kvEntry *entry = NULL;
  holstream_nats_outcome said = outcome(nats.kvStore_Get(&entry, bucket->store, key), reason);
  if (said != holstream_nats_ok) return said;
  int length = nats.kvEntry_ValueLen(entry);
  *count = length > 0 ? (size_t)length : 0;
  *bytes = malloc(*count + 1);
  if (*count > 0) memcpy(*bytes, nats.kvEntry_Value(entry), *count);
  *revision = nats.kvEntry_Revision(entry);
  *created = nats.kvEntry_Created(entry);
  nats.kvEntry_Destroy(entry);
  return said;
}

holstream_nats_outcome holstream_nats_keys(holstream_nats_bucket *bucket, char **keys, size_t *count, char *reason) {
  kvKeysList list = {NULL, 0};
  natsStatus status = nats.kvStore_Keys(&list, bucket->store, NULL);
  *keys = NULL;
  *count = 0;
  if (status == NATS_NOT_FOUND) return holstream_nats_ok;
  if (status != NATS_OK) return outcome(status, reason);
  size_t bytes = 1;
  for (int index = 0; index < list.Count; index++) bytes += strlen(list.Keys[index]) + 1;
  char *all = malloc(bytes), *end = all;
  for (int index = 0; index < list.Count; index++) end = stpcpy(end, list.Keys[index]) + 1;
  *keys = all;
  *count = (size_t)(end - all);
  nats.kvKeysList_Destroy(&list);
  return holstream_nats_ok;
}

holstream_nats_outcome holstream_nats_remove(holstream_nats_bucket *bucket, const char *key, char *reason) {
  char stream[160], subject[512];
  snprintf(stream, sizeof stream, "KV_%s", bucket->name);
  snprintf(subject, sizeof subject, "$KV.%s.%s", bucket->name, key);
  jsOptions options;
  nats.jsOptions_Init(&options);
  options.Stream.Purge.Subject = subject;
  int code = 0;
  return outcome(nats.js_PurgeStream(bucket->stream, stream, &options, &code), reason);
}
