// Matrix products for few rows and large, packed weights.
//
// A recurrence multiplies the same weights by a handful of rows at every step. Packed once into
// panels of `kPanel` columns that lie one row after the other, the weights stream through the
// caches in order, and each vector that is read serves all rows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "vector.h"

constexpr int kPanel = 2 * kLanes;
#if defined(__AVX__) && !defined(__AVX512F__)
constexpr int kMaxRows = 6;  // 16 registers: 2 x 6 sums
#else
constexpr int kMaxRows = 12;  // 32 registers: 2 x 12 sums
#endif

inline int64_t panels(int64_t columns) { return (columns + kPanel - 1) / kPanel; }

// Element (k, n) of a matrix that lies anyhow.
struct Matrix {
  const float* data;
  int64_t row_stride, column_stride;
  const float* at(int64_t k, int64_t n) const { return data + k * row_stride + n * column_stride; }
};

// One column of a panel: `depth` numbers that lie `from_stride` apart; null: zeros.
inline void pack_column(const float* from, int64_t from_stride, int64_t depth, float* to) {
  for (int64_t k = 0; k < depth; ++k) to[k * kPanel] = from ? from[k * from_stride] : 0.0f;
}

constexpr int64_t kPackDepth = 64;  // rows of a panel that are filled while the cache holds them

// [depth, columns] -> panels of [depth][kPanel], the last one filled up with zeros.
inline void pack(Matrix from, int64_t depth, int64_t columns, float* to) {
  for (int64_t first = 0; first < columns; first += kPanel)
    for (int64_t k = 0; k < depth; k += kPackDepth) {
      const int64_t n_rows = std::min(kPackDepth, depth - k);
      for (int64_t n = 0; n < kPanel; ++n)
        pack_column(first + n < columns ? from.at(k, first + n) : nullptr, from.row_stride, n_rows,
                    to + n);
      to += n_rows * kPanel;
    }
}

// out[m][0..kPanel) (+)= sum_k x[m][k] * panel[k][0..kPanel) for `Rows` rows.
template <int Rows>
inline void tile(const float* x, int64_t x_stride, const float* panel, int64_t depth, float* out,
                 int64_t out_stride, bool add) {
  Vec low[Rows], high[Rows];
  for (int m = 0; m < Rows; ++m) {
    low[m] = add ? load(out + m * out_stride) : Vec{};
    high[m] = add ? load(out + m * out_stride + kLanes) : Vec{};
  }
  for (int64_t k = 0; k < depth; ++k, panel += kPanel) {
    const Vec first = load(panel), second = load(panel + kLanes);
    __builtin_prefetch(panel + 16 * kPanel);
    __builtin_prefetch(panel + 16 * kPanel + kLanes);
    for (int m = 0; m < Rows; ++m) {
      const Vec value = all(x[m * x_stride + k]);
      low[m] += value * first;
      high[m] += value * second;
    }
  }
  for (int m = 0; m < Rows; ++m) {
    store(out + m * out_stride, low[m]);
    store(out + m * out_stride + kLanes, high[m]);
  }
}

using Tile = void (*)(const float*, int64_t, const float*, int64_t, float*, int64_t, bool);
constexpr Tile kTiles[] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>,  tile<5>, tile<6>,
#if !defined(__AVX__) || defined(__AVX512F__)
                           tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>
#endif
};

// One panel's columns of x [rows, depth] times the weights; `out` has room for whole panels.
inline void multiply(const float* x, int64_t x_stride, int64_t rows, const float* panel,
                     int64_t depth, float* out, int64_t out_stride, bool add) {
  const int64_t n_tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (int64_t i = 0, begin = 0; i < n_tiles; ++i) {
    const int64_t end = rows * (i + 1) / n_tiles;
    kTiles[end - begin](x + begin * x_stride, x_stride, panel, depth, out + begin * out_stride,
                        out_stride, add);
    begin = end;
  }
}

// out [columns] = sum_n weights[n] * rows[n][columns]: one row times a matrix as it lies.
inline void combine(const float* weights, int64_t n_rows, const float* rows, int64_t columns,
                    float* out) {
  int64_t first = 0;
  for (; first + 4 * kLanes <= columns; first += 4 * kLanes) {
    Vec sums[4] = {};
    for (int64_t n = 0; n < n_rows; ++n)
      for (int part = 0; part < 4; ++part)
        sums[part] += weights[n] * load(rows + n * columns + first + part * kLanes);
    for (int part = 0; part < 4; ++part) store(out + first + part * kLanes, sums[part]);
  }
  for (; first < columns; first += kLanes) {
    const int64_t n_valid = std::min<int64_t>(kLanes, columns - first);
    Vec total{};
    for (int64_t n = 0; n < n_rows; ++n)
      total += weights[n] * load(rows + n * columns + first, n_valid);
    store(out + first, total, n_valid);
  }
}

inline float dot(const float* a, const float* b, int64_t size) {
  Vec sums[2] = {};
  int64_t i = 0;
  for (; i + 2 * kLanes <= size; i += 2 * kLanes) {
    sums[0] += load(a + i) * load(b + i);
    sums[1] += load(a + i + kLanes) * load(b + i + kLanes);
  }
  for (; i < size; i += kLanes) {
    const int64_t n_valid = std::min<int64_t>(kLanes, size - i);
    sums[0] += load(a + i, n_valid) * load(b + i, n_valid);
  }
  return sum(sums[0] + sums[1]);
}
