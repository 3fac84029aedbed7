/* Memory for a program that has nothing better to do than to end when there is none. */
#ifndef CHECKED_MEMORY_H
#define CHECKED_MEMORY_H
#include <stdio.h>
#include <stdlib.h>

static inline void* grow(void* old, size_t size) {
  void* const room = realloc(old, size);
  if (room) return room;
  fputs("fetch_many: out of memory\n", stderr);
  exit(1);
}

#endif
