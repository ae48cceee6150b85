// Scratch memory, aligned to cache lines.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

class Scratch {
 public:
  // Whoever takes it writes all of it before reading.
  float* take_raw(int64_t n_floats) {
    const size_t line = n_floats * sizeof(float) < kHuge ? kLine : kHuge;
    const size_t bytes = (n_floats * sizeof(float) / line + 1) * line;
    pieces_.emplace_back(static_cast<float*>(std::aligned_alloc(line, bytes)), &std::free);
    if (pieces_.back() == nullptr) throw std::bad_alloc();
#ifdef __linux__
    // Many megabytes of weights: without huge pages, half the time goes into page faults.
    if (line == kHuge) madvise(pieces_.back().get(), bytes, MADV_HUGEPAGE);
#endif
    return pieces_.back().get();
  }

  // Zeroed.
  float* take(int64_t n_floats) {
    float* piece = take_raw(n_floats);
    std::memset(piece, 0, n_floats * sizeof(float));
    return piece;
  }

 private:
  static constexpr size_t kLine = 64, kHuge = size_t{1} << 21;
  std::vector<std::unique_ptr<float, decltype(&std::free)>> pieces_;
};
