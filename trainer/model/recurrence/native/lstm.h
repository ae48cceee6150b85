// One LSTM cell, forward and backward, in blocks of kLanes hidden units.
//
// Gates lie in torch's order i, f, g, o: [4 * hidden]. A block's four gates lie in two panels
// beside each other, so that whoever multiplied them can go on to the cell at once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "product.h"
#include "vector.h"

inline int64_t lstm_blocks(int64_t hidden) { return (hidden + kLanes - 1) / kLanes; }

inline int64_t packed_gates_size(int64_t depth, int64_t hidden) {
  return lstm_blocks(hidden) * 2 * kPanel * depth;
}

// Weights [4 * hidden, depth], row after row -> two panels a block: (i, f) and (g, o).
inline void pack_gates(const float* weights, int64_t stride, int64_t depth, int64_t hidden,
                       float* to) {
  for (int64_t unit = 0; unit < hidden; unit += kLanes)
    for (int pair = 0; pair < 2; ++pair)
      for (int64_t k = 0; k < depth; k += kPackDepth) {
        const int64_t n_rows = std::min(kPackDepth, depth - k);
        for (int64_t n = 0; n < kPanel; ++n) {
          const int64_t gate = 2 * pair + n / kLanes, own = unit + n % kLanes;
          const float* row = weights + (gate * hidden + own) * stride + k;
          pack_column(own < hidden ? row : nullptr, 1, n_rows, to + n);
        }
        to += n_rows * kPanel;
      }
}

struct LstmStep {
  int64_t rows, depth, hidden;
  const float* x;  // [rows][depth], what the packed weights act on
  int64_t x_stride;
  const float* packed;
  const float* pre;  // [rows][4 * hidden] added to the gates; stride 0 for biases
  int64_t pre_stride;
  const float* cell_before;  // [rows][hidden]
  float* cell;               // [rows][hidden]
  float* gates;              // [rows][4 * hidden], activated; null where nobody needs them
  float* out;                // [rows][hidden], hidden state
  int64_t out_stride;
  const float* dropout;  // [rows][hidden] on the hidden state, or null
  const int64_t* lengths;  // a row is at work while time < lengths[row]; null: always
  int64_t time;

  bool works(int64_t row) const { return lengths == nullptr || time < lengths[row]; }

  // `sums`: room for [rows][2 * kPanel].
  void block(int64_t index, float* sums) const {
    const int64_t unit = index * kLanes, n = std::min<int64_t>(kLanes, hidden - unit);
    const float* panel = packed + index * 2 * kPanel * depth;
    multiply(x, x_stride, rows, panel, depth, sums, 2 * kPanel, false);
    multiply(x, x_stride, rows, panel + kPanel * depth, depth, sums + kPanel, 2 * kPanel, false);
    for (int64_t row = 0; row < rows; ++row, sums += 2 * kPanel) units(row, unit, n, sums);
  }

 private:
  void units(int64_t row, int64_t unit, int64_t n, const float* sums) const {
    const float* given = pre + row * pre_stride + unit;
    const Vec works_here = all(works(row) ? 1.0f : 0.0f);
    const Vec i = works_here * sigmoid(load(sums) + load(given, n));
    const Vec f = works_here * sigmoid(load(sums + kLanes) + load(given + hidden, n));
    const Vec g = works_here * tanh(load(sums + 2 * kLanes) + load(given + 2 * hidden, n));
    const Vec o = works_here * sigmoid(load(sums + 3 * kLanes) + load(given + 3 * hidden, n));
    const Vec c = f * load(cell_before + row * hidden + unit, n) + i * g;
    Vec h = o * tanh(c);
    if (dropout != nullptr) h *= load(dropout + row * hidden + unit, n);
    store(cell + row * hidden + unit, c, n);
    store(out + row * out_stride + unit, h, n);
    if (gates == nullptr) return;
    float* kept = gates + row * 4 * hidden + unit;
    store(kept, i, n);
    store(kept + hidden, f, n);
    store(kept + 2 * hidden, g, n);
    store(kept + 3 * hidden, o, n);
  }
};

// From the gradient of one step's hidden state to that of its gates and of the cell before.
struct LstmSlope {
  int64_t hidden;
  const float* gates;        // [rows][4 * hidden], activated
  const float* cell_before;  // [rows][hidden]
  const float* cell;
  const float* dropout;  // or null
  float* d_cell;         // [rows][hidden], in and out
  float* d_gates;        // [rows][4 * hidden]

  void units(int64_t row, int64_t unit, int64_t n, Vec d_hidden) const {
    const int64_t at = row * hidden + unit;
    const float* gate = gates + row * 4 * hidden + unit;
    const Vec i = load(gate, n), f = load(gate + hidden, n), g = load(gate + 2 * hidden, n);
    const Vec o = load(gate + 3 * hidden, n), tanh_c = tanh(load(cell + at, n));
    if (dropout != nullptr) d_hidden *= load(dropout + at, n);
    const Vec d_c = load(d_cell + at, n) + d_hidden * o * (1.0f - tanh_c * tanh_c);
    float* out = d_gates + row * 4 * hidden + unit;
    store(out, d_c * g * i * (1.0f - i), n);
    store(out + hidden, d_c * load(cell_before + at, n) * f * (1.0f - f), n);
    store(out + 2 * hidden, d_c * i * (1.0f - g * g), n);
    store(out + 3 * hidden, d_hidden * tanh_c * o * (1.0f - o), n);
    store(d_cell + at, d_c * f, n);
  }
};
