#pragma once
#include <inotifytools/inotifytools.h>
#include <inotifytools/inotify.h>
#include <sys/vfs.h>

/// The magic number of the file system that holds `path`, or 0 when there is no such path.
static inline unsigned long file_system_magic(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (unsigned long)status.f_type & 0xFFFFFFFFul : 0;
}
