// Weights as panels, in scratch memory.
#pragma once

#include <cstdint>

#include "memory.h"
#include "product.h"

// [depth = rows of `weights`] as panels, for products with the matrix as it lies.
inline float* packed(const float* weights, int64_t depth, int64_t columns, Scratch& scratch) {
  float* to = scratch.take_raw(panels(columns) * depth * kPanel);
  pack({weights, columns, 1}, depth, columns, to);
  return to;
}

// [columns, depth] as panels, for products with its transpose.
inline float* packed_turned(const float* weights, int64_t depth, int64_t columns, Scratch& scratch) {
  float* to = scratch.take_raw(panels(columns) * depth * kPanel);
  pack({weights, 1, depth}, depth, columns, to);
  return to;
}
