// Which of the threads that share a loop this is.
#pragma once

#include <cstdint>

#ifdef _OPENMP
#include <omp.h>
inline int64_t thread_number() { return omp_get_thread_num(); }
#else
inline int64_t thread_number() { return 0; }
#endif
