// Stands between a program and the system's calls that write (LD_PRELOAD), and lets some of them fail.
//
//   CHAOS_UNDER   only files whose path contains this
//   CHAOS_KIND    eio, enospc, short (writes that take a part), slow
//   CHAOS_RATE    of how many calls one fails
//   CHAOS_SEED    which ones, by file name and by how many calls that file has had
//   CHAOS_LOG     a file that gets a line for each failure
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { SLOTS = 4096 };
static atomic_uint calls[SLOTS];

static const char *setting(const char *name, const char *fallback) {
  const char *value = getenv(name);
  return value ? value : fallback;
}

static uint64_t mix(uint64_t x) {
  x ^= x >> 33; x *= 0xff51afd7ed558ccdULL; x ^= x >> 33; x *= 0xc4ceb9fe1a85ec53ULL; x ^= x >> 33;
  return x;
}

static void note(const char *what, const char *path) {
  const char *log = getenv("CHAOS_LOG");
  if (!log) return;
  static int (*real_open)(const char *, int, ...);
  static ssize_t (*real_write)(int, const void *, size_t);
  if (!real_open) real_open = dlsym(RTLD_NEXT, "open");
  if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
  int file = real_open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return;
  char line[4600];
  int count = snprintf(line, sizeof line, "%s %s\n", what, path);
  if (real_write(file, line, count) < 0) { /* The log is a convenience. */ }
  close(file);
}

/// The error number of a call that is to fail, 0 for one that is not; -1 for a write that is to take a part.
static int fate(const char *what, const char *path, int writes) {
  const char *under = getenv("CHAOS_UNDER");
  if (!under || !path || !strstr(path, under)) return 0;
  uint64_t name = 1469598103934665603ULL;
  for (const char *c = path; *c; c++) name = (name ^ (unsigned char)*c) * 1099511628211ULL;
  // Temporary names carry the number of the process, which is another in each run.
  const char *dot = strstr(path, ".tmp-");
  if (dot) { name = 1469598103934665603ULL; for (const char *c = path; c < dot; c++) name = (name ^ (unsigned char)*c) * 1099511628211ULL; }
  unsigned number = atomic_fetch_add(&calls[name % SLOTS], 1);
  double chance = (double)(mix(name ^ mix(strtoull(setting("CHAOS_SEED", "1"), 0, 10) + 1000003ULL * number)) >> 11) / 9007199254740992.0;
  if (chance >= atof(setting("CHAOS_RATE", "0.01"))) return 0;
  const char *kind = setting("CHAOS_KIND", "eio");
  if (!strcmp(kind, "slow")) { usleep(50000); return 0; }
  if (!strcmp(kind, "short")) { if (writes) note("short", path); return writes ? -1 : 0; }
  note(what, path);
  return !strcmp(kind, "enospc") ? ENOSPC : EIO;
}

static const char *path_of(int file, char *buffer, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t count = readlink(link, buffer, size - 1);
  if (count <= 0) return 0;
  buffer[count] = 0;
  return buffer;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, #name)
#define FAIL(code) do { errno = (code); return -1; } while (0)

ssize_t write(int file, const void *bytes, size_t count) {
  REAL(ssize_t, write, int, const void *, size_t);
  char buffer[4096];
  int code = fate("write", path_of(file, buffer, sizeof buffer), 1);
  if (code > 0) FAIL(code);
  return real(file, bytes, code < 0 && count > 1 ? count / 2 : count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
  char buffer[4096];
  int code = fate("pwrite", path_of(file, buffer, sizeof buffer), 1);
  if (code > 0) FAIL(code);
  return real(file, bytes, code < 0 && count > 1 ? count / 2 : count, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) { return pwrite(file, bytes, count, at); }

#define SYNC(name) \
  int name(int file) { \
    REAL(int, name, int); \
    char buffer[4096]; \
    int code = fate(#name, path_of(file, buffer, sizeof buffer), 0); \
    if (code > 0) FAIL(code); \
    return real(file); \
  }
SYNC(fsync)
SYNC(fdatasync)
SYNC(syncfs)

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  int code = fate("rename", to, 0);
  if (code > 0) FAIL(code);
  return real(from, to);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  REAL(int, renameat2, int, const char *, int, const char *, unsigned);
  int code = fate("renameat2", to, 0);
  if (code > 0) FAIL(code);
  return real(a, from, b, to, flags);
}

int link(const char *from, const char *to) {
  REAL(int, link, const char *, const char *);
  int code = fate("link", to, 0);
  if (code > 0) FAIL(code);
  return real(from, to);
}

int symlink(const char *from, const char *to) {
  REAL(int, symlink, const char *, const char *);
  int code = fate("symlink", to, 0);
  if (code > 0) FAIL(code);
  return real(from, to);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  int code = fate("mkdir", path, 0);
  if (code > 0) FAIL(code);
  return real(path, mode);
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(int, name, const char *, int, ...); \
    va_list list; \
    va_start(list, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
    va_end(list); \
    int code = flags & (O_CREAT | O_WRONLY | O_RDWR) ? fate(#name, path, 0) : 0; \
    if (code > 0) FAIL(code); \
    return real(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
