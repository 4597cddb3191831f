#include "crew.h"
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

struct holstream_crew {
  // The stage under way and the next part of it: stage << 20 | part. Apart from the rest, as everybody looks at it.
  _Alignas(64) int64_t turn;
  _Alignas(64) int done;  // parts of the stage that are done
  // Pieces of work so far, whether one is under way, threads that take part in it, threads that sleep.
  _Alignas(64) int pieces, open, inside, sleeping, ends;
  int count;
  long first;  // stage of the piece
  void (*body)(void *, int, long);
  void *context;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t *threads;
};

typedef struct {
  holstream_crew *crew;
  int worker;
} member;

enum { PART_BITS = 20 };

#define GET(x) __atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define SET(x, value) __atomic_store_n(&(x), value, __ATOMIC_SEQ_CST)
#define ADD(x, value) __atomic_add_fetch(&(x), value, __ATOMIC_SEQ_CST)

static inline void pause_briefly(int round) {
  // Some tens of microseconds; then somebody else may need the core more.
  if (round > 2000) {
    sched_yield();
    return;
  }
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void *work(void *argument) {
  const member self = *(member *)argument;
  free(argument);
  holstream_crew *crew = self.crew;
  for (int seen = 0;;) {
    for (int round = 0; GET(crew->pieces) == seen && round < 2000; round++) pause_briefly(round);
    if (GET(crew->pieces) == seen) {
      pthread_mutex_lock(&crew->lock);
      // Counted as asleep before the last look, so that whoever brings work either is seen or sees this.
      ADD(crew->sleeping, 1);
      while (GET(crew->pieces) == seen) pthread_cond_wait(&crew->wake, &crew->lock);
      ADD(crew->sleeping, -1);
      pthread_mutex_unlock(&crew->lock);
    }
    seen = GET(crew->pieces);
    if (GET(crew->ends)) return 0;
    // Whoever closes the piece waits for those that came in before, and nobody comes in after.
    ADD(crew->inside, 1);
    if (GET(crew->open)) crew->body(crew->context, self.worker, crew->first);
    ADD(crew->inside, -1);
  }
}

static void announce(holstream_crew *crew) {
  ADD(crew->pieces, 1);
  if (GET(crew->sleeping) == 0) return;
  pthread_mutex_lock(&crew->lock);
  pthread_cond_broadcast(&crew->wake);
  pthread_mutex_unlock(&crew->lock);
}

holstream_crew *holstream_crew_make(int count) {
  holstream_crew *crew = aligned_alloc(64, (sizeof *crew + 63) / 64 * 64);
  if (!crew) return 0;
  *crew = (holstream_crew){.count = 1};
  pthread_mutex_init(&crew->lock, 0);
  pthread_cond_init(&crew->wake, 0);
  crew->threads = calloc((size_t)count, sizeof(pthread_t));
  for (int worker = 1; crew->threads && worker < count; worker++) {
    member *self = malloc(sizeof *self);
    if (!self) break;
    *self = (member){crew, worker};
    if (pthread_create(&crew->threads[worker], 0, work, self) != 0) {
      free(self);
      break;
    }
    crew->count++;
  }
  if (crew->count == count) return crew;
  holstream_crew_free(crew);
  return 0;
}

void holstream_crew_free(holstream_crew *crew) {
  SET(crew->ends, 1);
  announce(crew);
  for (int worker = 1; worker < crew->count; worker++) pthread_join(crew->threads[worker], 0);
  pthread_cond_destroy(&crew->wake);
  pthread_mutex_destroy(&crew->lock);
  free(crew->threads);
  free(crew);
}

void holstream_crew_run(holstream_crew *crew, void (*body)(void *context, int worker, long stage), void *context) {
  crew->first = (long)(GET(crew->turn) >> PART_BITS);
  crew->body = body;
  crew->context = context;
  SET(crew->open, 1);
  announce(crew);
  body(context, 0, crew->first);
  SET(crew->open, 0);
  for (int round = 0; GET(crew->inside) > 0; round++) pause_briefly(round);
}

int holstream_crew_take(holstream_crew *crew, long stage, int parts) {
  int64_t turn = GET(crew->turn);
  for (int round = 0;; round++) {
    if (turn >> PART_BITS != stage) return -1;
    const int part = (int)(turn & ((1 << PART_BITS) - 1));
    if (part < parts) {
      if (__atomic_compare_exchange_n(&crew->turn, &turn, turn + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return part;
    } else {
      pause_briefly(round);
      turn = GET(crew->turn);
    }
  }
}

void holstream_crew_finish(holstream_crew *crew, long stage, int parts) {
  if (ADD(crew->done, 1) < parts) return;
  SET(crew->done, 0);
  SET(crew->turn, (int64_t)(stage + 1) << PART_BITS);
}
