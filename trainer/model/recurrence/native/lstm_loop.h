// An LSTM over a sequence, forward and backward over all steps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lstm.h"
#include "memory.h"
#include "packing.h"
#include "product.h"
#include "threads.h"

struct Lstm {
  int64_t steps, batch, hidden, reverse, threads;
  const int64_t* lengths;   // [B], or null
  const float* recurrent;   // [4H, H]
  const float* pre_gates;   // [T, B, 4H]
  const float* dropout;     // [T, B, H], or null
  float* states;            // [T+1, B, H], of which the first (last, if reverse) is 0
  float* cells;             // [T+1, B, H], likewise
  float* gates;             // [T, B, 4H], activated
};

inline void run_forward(const Lstm& l) {
  const int64_t batch = l.batch, hidden = l.hidden, size = batch * hidden;
  Scratch scratch;
  float* packed_weights = scratch.take_raw(packed_gates_size(hidden, hidden));
  pack_gates(l.recurrent, hidden, hidden, hidden, packed_weights);
  std::vector<float*> rooms;
  for (int64_t i = 0; i < l.threads; ++i) rooms.push_back(scratch.take(batch * 2 * kPanel));
#pragma omp parallel num_threads(l.threads) if (l.threads > 1)
  for (int64_t s = 0; s < l.steps; ++s) {
    const int64_t t = l.reverse ? l.steps - 1 - s : s;
    const int64_t from = l.reverse ? t + 1 : t, to = l.reverse ? t : t + 1;
    const LstmStep step{
        .rows = batch, .depth = hidden, .hidden = hidden,
        .x = l.states + from * size, .x_stride = hidden, .packed = packed_weights,
        .pre = l.pre_gates + t * 4 * size, .pre_stride = 4 * hidden,
        .cell_before = l.cells + from * size, .cell = l.cells + to * size,
        .gates = l.gates + t * 4 * size,
        .out = l.states + to * size, .out_stride = hidden,
        .dropout = l.dropout ? l.dropout + t * size : nullptr,
        .lengths = l.lengths, .time = t};
#pragma omp for schedule(static)
    for (int64_t i = 0; i < lstm_blocks(hidden); ++i) step.block(i, rooms[thread_number()]);
  }
}

struct LstmGradient {
  int64_t steps, batch, hidden, reverse, threads;
  const float* recurrent;  // [4H, H]
  const float* gates;      // [T, B, 4H], activated
  const float* cells;      // [T+1, B, H]
  const float* dropout;    // [T, B, H], or null
  const float* d_hidden;   // [T, B, H]
  float* d_gates;          // [T, B, 4H]
};

inline void run_backward(const LstmGradient& l) {
  const int64_t batch = l.batch, hidden = l.hidden, size = batch * hidden;
  const int64_t n_panels = panels(hidden), stride = n_panels * kPanel;
  Scratch scratch;
  const float* weights = packed(l.recurrent, 4 * hidden, hidden, scratch);
  float* d_cell = scratch.take(size);
  float* d_state = scratch.take(batch * stride);
#pragma omp parallel num_threads(l.threads) if (l.threads > 1)
  for (int64_t s = l.steps - 1; s >= 0; --s) {
    const int64_t t = l.reverse ? l.steps - 1 - s : s;
    const int64_t from = l.reverse ? t + 1 : t, to = l.reverse ? t : t + 1;
    const LstmSlope slope{
        .hidden = hidden, .gates = l.gates + t * 4 * size,
        .cell_before = l.cells + from * size, .cell = l.cells + to * size,
        .dropout = l.dropout ? l.dropout + t * size : nullptr,
        .d_cell = d_cell, .d_gates = l.d_gates + t * 4 * size};
#pragma omp for schedule(static)
    for (int64_t row = 0; row < batch; ++row)
      for (int64_t unit = 0; unit < hidden; unit += kLanes) {
        const int64_t n = std::min<int64_t>(kLanes, hidden - unit);
        slope.units(row, unit, n,
                    load(l.d_hidden + t * size + row * hidden + unit, n) +
                        load(d_state + row * stride + unit, n));
      }
    if (s == 0) continue;
#pragma omp for schedule(static)
    for (int64_t p = 0; p < n_panels; ++p)
      multiply(l.d_gates + t * 4 * size, 4 * hidden, batch, weights + p * 4 * hidden * kPanel,
               4 * hidden, d_state + p * kPanel, stride, false);
  }
}
