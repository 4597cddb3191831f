#pragma once

// Threads that do one piece of work together, stage by stage, many thousands of times a second.
//
// Each stage has parts, and whoever is free takes the next: a thread that the system keeps from running holds nobody up
// unless it is in the middle of a part. Where threads wait, they look for a while before they sleep or give up their
// turn.

typedef struct holstream_crew holstream_crew;

// Starts count - 1 threads; whoever calls holstream_crew_run is the first worker. Null when the system refuses.
holstream_crew *holstream_crew_make(int count);
void holstream_crew_free(holstream_crew *crew);
// Calls body at most once for each worker at the same time, with the number of the first stage, and returns when all
// stages are over. Not from two threads at once.
void holstream_crew_run(holstream_crew *crew, void (*body)(void *context, int worker, long stage), void *context);
// Inside body: the next part of a stage that nobody has taken; -1 when the stage is over, after waiting for it.
int holstream_crew_take(holstream_crew *crew, long stage, int parts);
// A part that was taken is done.
void holstream_crew_finish(holstream_crew *crew, long stage, int parts);
