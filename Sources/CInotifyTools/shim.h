#pragma once
#include <fcntl.h>
#include <inotifytools/inotifytools.h>
#include <inotifytools/inotify.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

/// The magic number of the file system that holds `path`, or 0 when there is no such path.
static inline unsigned long file_system_magic(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (unsigned long)status.f_type & 0xFFFFFFFFul : 0;
}

/// Opens a file that has no name, so that nothing is left of it when the process is gone. `name` is the path of a file
/// that may be made for an instant, ending in XXXXXX, where the folder's file system cannot do without.
/// Returns the descriptor, or -1.
static inline int open_nameless_file(const char *folder, char *name) {
#ifdef __O_TMPFILE
  const int nameless = __O_TMPFILE | 0200000; /* O_DIRECTORY, which is part of O_TMPFILE */
  int file = open(folder, nameless | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
#endif
  int named = mkstemp(name);
  if (named < 0) return -1;
  unlink(name);
  fcntl(named, F_SETFD, FD_CLOEXEC);
  return named;
}
