// The attention loop of training, forward and backward over all steps.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "attention.h"
#include "lstm.h"
#include "memory.h"
#include "packing.h"
#include "product.h"
#include "threads.h"

struct Attention {
  int64_t steps, batch, tokens, hidden, encoder, dim, kernel, threads;
  const int64_t* lengths;   // [B] valid tokens
  const float* recurrent;   // [4H, E+H], on (context, hidden)
  const float* query;       // [D, H]
  const float* location;    // [2k, D]
  const float* v;           // [D]
  const float* memory;      // [B, N, E]
  const float* processed;   // [B, N, D]
  const float* pre_gates;   // [T, B, 4H]
  const float* dropout;     // [T, B, H], or null
  float* states;            // [T+1, B, E+H], zeros at the first step
  float* cells;             // [T+1, B, H], zeros at the first step
  float* past;              // [T+1, B, 2, N+k-1], zeros
  float* gates;             // [T, B, 4H]
  float* tanh;              // [T, B, N, D]
};

class AttentionForward {
 public:
  explicit AttentionForward(const Attention& attention)
      : a_(attention),
        sizes_{a_.tokens, a_.encoder, a_.dim, a_.kernel},
        width_(a_.encoder + a_.hidden),
        query_stride_(sizes_.dim_panels() * kPanel),
        shared_(sizes_, a_.location, a_.v, scratch_) {
    gate_weights_ = scratch_.take_raw(packed_gates_size(width_, a_.hidden));
    pack_gates(a_.recurrent, width_, width_, a_.hidden, gate_weights_);
    query_weights_ = packed_turned(a_.query, a_.hidden, a_.dim, scratch_);
    queries_ = scratch_.take(a_.batch * query_stride_);
    for (int64_t i = 0; i < a_.threads; ++i) {
      sums_.push_back(scratch_.take(a_.batch * 2 * kPanel));
      rooms_.emplace_back(sizes_, scratch_);
    }
  }

  void run() {
#pragma omp parallel num_threads(a_.threads) if (a_.threads > 1)
    for (int64_t t = 0; t < a_.steps; ++t) {
      listen(t);
      attend(t);
    }
  }

 private:
  float* states(int64_t t) const { return a_.states + t * a_.batch * width_; }

  // The attention LSTM, and its queries.
  void listen(int64_t t) {
    const int64_t batch = a_.batch, hidden = a_.hidden;
    float* out = states(t + 1) + a_.encoder;
    const LstmStep cell{
        .rows = batch, .depth = width_, .hidden = hidden,
        .x = states(t), .x_stride = width_, .packed = gate_weights_,
        .pre = a_.pre_gates + t * batch * 4 * hidden, .pre_stride = 4 * hidden,
        .cell_before = a_.cells + t * batch * hidden, .cell = a_.cells + (t + 1) * batch * hidden,
        .gates = a_.gates + t * batch * 4 * hidden, .out = out, .out_stride = width_,
        .dropout = a_.dropout ? a_.dropout + t * batch * hidden : nullptr,
        .lengths = nullptr, .time = t};
#pragma omp for schedule(static)
    for (int64_t i = 0; i < lstm_blocks(hidden); ++i) cell.block(i, sums_[thread_number()]);
#pragma omp for schedule(static)
    for (int64_t p = 0; p < sizes_.dim_panels(); ++p)
      multiply(out, width_, batch, query_weights_ + p * hidden * kPanel, hidden,
               queries_ + p * kPanel, query_stride_, false);
  }

  void attend(int64_t t) {
    const int64_t past_size = 2 * sizes_.past(), tokens = a_.tokens;
#pragma omp for schedule(static)
    for (int64_t b = 0; b < a_.batch; ++b) {
      const int64_t at = t * a_.batch + b;
      AttentionStep{shared_, a_.lengths[b], a_.memory + b * tokens * a_.encoder,
                    a_.processed + b * tokens * a_.dim, queries_ + b * query_stride_,
                    a_.past + at * past_size, a_.past + (at + a_.batch) * past_size,
                    a_.tanh + at * tokens * a_.dim, states(t + 1) + b * width_}
          .run(rooms_[thread_number()]);
    }
  }

  Scratch scratch_;
  const Attention& a_;
  const AttentionSizes sizes_;
  const int64_t width_, query_stride_;
  const AttentionWeights shared_;
  float *gate_weights_, *query_weights_, *queries_;
  std::vector<float*> sums_;
  std::vector<AttentionRoom> rooms_;
};

struct AttentionGradient {
  int64_t steps, batch, tokens, hidden, encoder, dim, kernel, threads;
  const int64_t* lengths;
  const float* recurrent;
  const float* query;
  const float* location;
  const float* v;
  const float* memory;
  const float* dropout;
  const float* cells;
  const float* past;
  const float* gates;
  const float* tanh;
  const float* d_hidden;    // [T, B, H]
  const float* d_context;   // [T, B, E], from outside
  const float* d_weights;   // [T, B, N], from outside
  float* d_gates;           // [T, B, 4H]
  float* d_contexts;        // [T, B, E], all in all
  float* d_queries;         // [T, B, D]
  float* d_processed;       // [B, N, D], zeros
  float* d_location;        // [2k, D], zeros
  float* d_v;               // [D], zeros
};

class AttentionBackward {
 public:
  explicit AttentionBackward(const AttentionGradient& gradient)
      : a_(gradient),
        sizes_{a_.tokens, a_.encoder, a_.dim, a_.kernel},
        width_(a_.encoder + a_.hidden),
        stride_(panels(width_) * kPanel),
        past_size_(2 * sizes_.past()),
        shared_(sizes_, a_.location, a_.v, scratch_) {
    gate_weights_ = packed(a_.recurrent, 4 * a_.hidden, width_, scratch_);
    query_weights_ = packed(a_.query, a_.dim, a_.hidden, scratch_);
    turn_location();
    d_cell_ = scratch_.take(a_.batch * a_.hidden);
    d_state_ = scratch_.take(a_.batch * stride_);
    d_past_ = scratch_.take(a_.batch * past_size_);
    for (int64_t i = 0; i < a_.threads; ++i) {
      d_hiddens_.push_back(scratch_.take(a_.batch * kPanel));
      rooms_.emplace_back(sizes_, scratch_);
      sums_.emplace_back(sizes_, scratch_);
    }
  }

  void run() {
#pragma omp parallel num_threads(a_.threads) if (a_.threads > 1)
    for (int64_t t = a_.steps - 1; t >= 0; --t) {
      attention(t);
      cell(t);
      if (t > 0) state(t);
    }
    for (const AttentionSums& sums : sums_) add_up(sums);
  }

 private:
  void turn_location() {
    const int64_t windows = 2 * a_.kernel, size = sizes_.dim_panels() * kPanel * kPanel;
    location_t_ = scratch_.take(panels(windows) * size);
    for (int64_t q = 0; q < panels(windows); ++q)
      pack({a_.location + q * kPanel * a_.dim, 1, a_.dim}, a_.dim,
           std::min<int64_t>(kPanel, windows - q * kPanel), location_t_ + q * size);
  }

  void attention(int64_t t) {
    const int64_t tokens = a_.tokens, encoder = a_.encoder, dim = a_.dim;
#pragma omp for schedule(static)
    for (int64_t b = 0; b < a_.batch; ++b) {
      const int64_t at = t * a_.batch + b;
      float* d_context = a_.d_contexts + at * encoder;
      for (int64_t e = 0; e < encoder; ++e)
        d_context[e] = a_.d_context[at * encoder + e] + d_state_[b * stride_ + e];
      AttentionSlope{shared_, location_t_, a_.lengths[b], a_.memory + b * tokens * encoder,
                     a_.past + at * past_size_,
                     a_.past + (at + a_.batch) * past_size_ + sizes_.half(),
                     a_.tanh + at * tokens * dim, d_context, a_.d_weights + at * tokens,
                     d_past_ + b * past_size_, a_.d_processed + b * tokens * dim,
                     a_.d_queries + at * dim}
          .run(rooms_[thread_number()], sums_[thread_number()]);
    }
  }

  // Through the query and the LSTM's cell to its gates.
  void cell(int64_t t) {
    const int64_t batch = a_.batch, hidden = a_.hidden, dim = a_.dim;
    const LstmSlope slope{
        .hidden = hidden, .gates = a_.gates + t * batch * 4 * hidden,
        .cell_before = a_.cells + t * batch * hidden, .cell = a_.cells + (t + 1) * batch * hidden,
        .dropout = a_.dropout ? a_.dropout + t * batch * hidden : nullptr,
        .d_cell = d_cell_, .d_gates = a_.d_gates + t * batch * 4 * hidden};
#pragma omp for schedule(static)
    for (int64_t p = 0; p < panels(hidden); ++p) {
      float* d_hidden = d_hiddens_[thread_number()];  // [B][kPanel], through the query
      multiply(a_.d_queries + t * batch * dim, dim, batch, query_weights_ + p * dim * kPanel, dim,
               d_hidden, kPanel, false);
      const int64_t end = std::min<int64_t>(hidden, (p + 1) * kPanel);
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t unit = p * kPanel; unit < end; unit += kLanes) {
          const int64_t n = std::min<int64_t>(kLanes, end - unit);
          slope.units(b, unit, n,
                      load(d_hidden + b * kPanel + unit - p * kPanel) +
                          load(a_.d_hidden + (t * batch + b) * hidden + unit, n) +
                          load(d_state_ + b * stride_ + a_.encoder + unit, n));
        }
    }
  }

  // From the gates to the (context, hidden) before.
  void state(int64_t t) {
    const int64_t n_gates = 4 * a_.hidden;
#pragma omp for schedule(static)
    for (int64_t p = 0; p < panels(width_); ++p)
      multiply(a_.d_gates + t * a_.batch * n_gates, n_gates, a_.batch,
               gate_weights_ + p * n_gates * kPanel, n_gates, d_state_ + p * kPanel, stride_,
               false);
  }

  void add_up(const AttentionSums& sums) const {
    const int64_t dim = a_.dim, windows = 2 * a_.kernel;
    for (int64_t d = 0; d < dim; ++d) {
      a_.d_v[d] += sums.d_v[d];
      for (int64_t j = 0; j < windows; ++j)
        a_.d_location[j * dim + d] +=
            sums.d_location[(d / kPanel * windows + j) * kPanel + d % kPanel];
    }
  }

  Scratch scratch_;
  const AttentionGradient& a_;
  const AttentionSizes sizes_;
  const int64_t width_, stride_, past_size_;
  const AttentionWeights shared_;
  float *gate_weights_, *query_weights_, *location_t_, *d_cell_, *d_state_, *d_past_;
  std::vector<float*> d_hiddens_;
  std::vector<AttentionSlopeRoom> rooms_;
  std::vector<AttentionSums> sums_;
};
