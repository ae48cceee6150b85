// Vectors of floats, and the functions of an LSTM and an attention on them.
//
// GCC's and Clang's vector extensions: the same text becomes AVX-512, AVX2, SSE or NEON.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef float LooseVec __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));
typedef int32_t IntVec __attribute__((vector_size(4 * kLanes)));

inline Vec all(float value) { return value - Vec{}; }

inline Vec load(const float* from) { return *reinterpret_cast<const LooseVec*>(from); }

inline void store(float* to, Vec value) { *reinterpret_cast<LooseVec*>(to) = value; }

// The first `n` lanes; the others are 0, or left as they are.
inline Vec load(const float* from, int64_t n) {
  if (n >= kLanes) return load(from);
  Vec value{};
  std::memcpy(&value, from, 4 * n);
  return value;
}

inline void store(float* to, Vec value, int64_t n) {
  if (n >= kLanes) return store(to, value);
  std::memcpy(to, &value, 4 * n);
}

inline float sum(Vec value) {
  float total = 0;
  for (int lane = 0; lane < kLanes; ++lane) total += value[lane];
  return total;
}

// e^x, to about one unit in the last place (Cephes expf); NaN stays NaN.
inline Vec exp(Vec x) {
  x = x < all(-87.0f) ? all(-87.0f) : x;
  x = x > all(88.0f) ? all(88.0f) : x;
  const Vec magic = all(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const Vec shifted = x * 1.44269504088896341f + magic;
  const Vec n = shifted - magic;
  const Vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
  Vec p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const IntVec power = (reinterpret_cast<IntVec>(shifted) - reinterpret_cast<IntVec>(magic) + 127)
                       << 23;
  return p * reinterpret_cast<Vec>(power);
}

inline Vec sigmoid(Vec x) { return 1.0f / (1.0f + exp(-x)); }

inline Vec tanh(Vec x) {
  const Vec size = x < 0.0f ? -x : x;
  const Vec far = 1.0f - 2.0f / (exp(size + size) + 1.0f);
  const Vec z = x * x;
  Vec p = all(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const Vec near = p * z * x + x;
  return size < 0.625f ? near : (x < 0.0f ? -far : far);
}
