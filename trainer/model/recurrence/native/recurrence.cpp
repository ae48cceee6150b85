// The decoder's recurrences: whole loops over all steps, called once each from Python.
//
// All arrays are float32 and contiguous unless a stride is named. T steps, B utterances, N tokens,
// H hidden, E encoder, D attention dimension, k location kernel. The structs mirror those in
// kernels.py, field by field. Each function returns 0, or 1 where there is no memory left.

#include <algorithm>
#include <cstdint>
#include <new>
#include <vector>

#include "attention.h"
#include "lstm.h"
#include "memory.h"
#include "packing.h"
#include "product.h"
#include "speech.h"
#include "threads.h"

namespace {

template <class Work>
int guarded(Work work) {
  try {
    work();
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

}  // namespace

extern "C" {

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

int lstm_forward(const Lstm* l) {
  return guarded([&] {
    const int64_t batch = l->batch, hidden = l->hidden, size = batch * hidden;
    Scratch scratch;
    float* packed_weights = scratch.take_raw(packed_gates_size(hidden, hidden));
    pack_gates(l->recurrent, hidden, hidden, hidden, packed_weights);
    std::vector<float*> rooms;
    for (int64_t i = 0; i < l->threads; ++i) rooms.push_back(scratch.take(batch * 2 * kPanel));
#pragma omp parallel num_threads(l->threads) if (l->threads > 1)
    for (int64_t s = 0; s < l->steps; ++s) {
      const int64_t t = l->reverse ? l->steps - 1 - s : s;
      const int64_t from = l->reverse ? t + 1 : t, to = l->reverse ? t : t + 1;
      const LstmStep step{
          .rows = batch, .depth = hidden, .hidden = hidden,
          .x = l->states + from * size, .x_stride = hidden, .packed = packed_weights,
          .pre = l->pre_gates + t * 4 * size, .pre_stride = 4 * hidden,
          .cell_before = l->cells + from * size, .cell = l->cells + to * size,
          .gates = l->gates + t * 4 * size,
          .out = l->states + to * size, .out_stride = hidden,
          .dropout = l->dropout ? l->dropout + t * size : nullptr,
          .lengths = l->lengths, .time = t};
#pragma omp for schedule(static)
      for (int64_t i = 0; i < lstm_blocks(hidden); ++i) step.block(i, rooms[thread_number()]);
    }
  });
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

int lstm_backward(const LstmGradient* l) {
  return guarded([&] {
    const int64_t batch = l->batch, hidden = l->hidden, size = batch * hidden;
    const int64_t n_panels = panels(hidden), stride = n_panels * kPanel;
    Scratch scratch;
    const float* weights = packed(l->recurrent, 4 * hidden, hidden, scratch);
    float* d_cell = scratch.take(size);
    float* d_state = scratch.take(batch * stride);
#pragma omp parallel num_threads(l->threads) if (l->threads > 1)
    for (int64_t s = l->steps - 1; s >= 0; --s) {
      const int64_t t = l->reverse ? l->steps - 1 - s : s;
      const int64_t from = l->reverse ? t + 1 : t, to = l->reverse ? t : t + 1;
      const LstmSlope slope{
          .hidden = hidden, .gates = l->gates + t * 4 * size,
          .cell_before = l->cells + from * size, .cell = l->cells + to * size,
          .dropout = l->dropout ? l->dropout + t * size : nullptr,
          .d_cell = d_cell, .d_gates = l->d_gates + t * 4 * size};
#pragma omp for schedule(static)
      for (int64_t row = 0; row < batch; ++row)
        for (int64_t unit = 0; unit < hidden; unit += kLanes) {
          const int64_t n = std::min<int64_t>(kLanes, hidden - unit);
          slope.units(row, unit, n,
                      load(l->d_hidden + t * size + row * hidden + unit, n) +
                          load(d_state + row * stride + unit, n));
        }
      if (s == 0) continue;
#pragma omp for schedule(static)
      for (int64_t p = 0; p < n_panels; ++p)
        multiply(l->d_gates + t * 4 * size, 4 * hidden, batch, weights + p * 4 * hidden * kPanel,
                 4 * hidden, d_state + p * kPanel, stride, false);
    }
  });
}

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

int attention_forward(const Attention* a) {
  return guarded([&] {
    const int64_t batch = a->batch, hidden = a->hidden, encoder = a->encoder;
    const int64_t width = encoder + hidden, n_gates = 4 * hidden;
    const AttentionSizes sizes{a->tokens, encoder, a->dim, a->kernel};
    const int64_t past_size = 2 * sizes.past(), query_stride = sizes.dim_panels() * kPanel;
    Scratch scratch;
    float* gate_weights = scratch.take_raw(packed_gates_size(width, hidden));
    pack_gates(a->recurrent, width, width, hidden, gate_weights);
    const float* query_weights = packed_turned(a->query, hidden, a->dim, scratch);
    const AttentionWeights shared(sizes, a->location, a->v, scratch);
    float* queries = scratch.take(batch * query_stride);
    std::vector<float*> sums;
    std::vector<AttentionRoom> rooms;
    for (int64_t i = 0; i < a->threads; ++i) {
      sums.push_back(scratch.take(batch * 2 * kPanel));
      rooms.emplace_back(sizes, scratch);
    }
#pragma omp parallel num_threads(a->threads) if (a->threads > 1)
    for (int64_t t = 0; t < a->steps; ++t) {
      float* next = a->states + (t + 1) * batch * width;
      const LstmStep cell{
          .rows = batch, .depth = width, .hidden = hidden,
          .x = a->states + t * batch * width, .x_stride = width, .packed = gate_weights,
          .pre = a->pre_gates + t * batch * n_gates, .pre_stride = n_gates,
          .cell_before = a->cells + t * batch * hidden,
          .cell = a->cells + (t + 1) * batch * hidden, .gates = a->gates + t * batch * n_gates,
          .out = next + encoder, .out_stride = width,
          .dropout = a->dropout ? a->dropout + t * batch * hidden : nullptr,
          .lengths = nullptr, .time = t};
#pragma omp for schedule(static)
      for (int64_t i = 0; i < lstm_blocks(hidden); ++i) cell.block(i, sums[thread_number()]);
#pragma omp for schedule(static)
      for (int64_t p = 0; p < sizes.dim_panels(); ++p)
        multiply(next + encoder, width, batch, query_weights + p * hidden * kPanel, hidden,
                 queries + p * kPanel, query_stride, false);
#pragma omp for schedule(static)
      for (int64_t b = 0; b < batch; ++b)
        AttentionStep{shared, a->lengths[b], a->memory + b * a->tokens * encoder,
                      a->processed + b * a->tokens * a->dim, queries + b * query_stride,
                      a->past + (t * batch + b) * past_size,
                      a->past + ((t + 1) * batch + b) * past_size,
                      a->tanh + (t * batch + b) * a->tokens * a->dim, next + b * width}
            .run(rooms[thread_number()]);
    }
  });
}

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

int attention_backward(const AttentionGradient* a) {
  return guarded([&] {
    const int64_t batch = a->batch, hidden = a->hidden, encoder = a->encoder, dim = a->dim;
    const int64_t n_gates = 4 * hidden, tokens = a->tokens, windows = 2 * a->kernel;
    const AttentionSizes sizes{tokens, encoder, dim, a->kernel};
    const int64_t past_size = 2 * sizes.past(), dim_size = sizes.dim_panels() * kPanel;
    const int64_t width = encoder + hidden, n_panels = panels(width), stride = n_panels * kPanel;
    Scratch scratch;
    const float* gate_weights = packed(a->recurrent, n_gates, width, scratch);
    const float* query_weights = packed(a->query, dim, hidden, scratch);
    const AttentionWeights shared(sizes, a->location, a->v, scratch);
    float* location_t = scratch.take(panels(windows) * dim_size * kPanel);
    for (int64_t q = 0; q < panels(windows); ++q)
      pack({a->location + q * kPanel * dim, 1, dim}, dim,
           std::min<int64_t>(kPanel, windows - q * kPanel), location_t + q * dim_size * kPanel);
    float* d_cell = scratch.take(batch * hidden);
    float* d_state = scratch.take(batch * stride);
    float* d_past = scratch.take(batch * past_size);
    std::vector<float*> d_hiddens;
    std::vector<AttentionSlopeRoom> rooms;
    std::vector<AttentionSums> sums;
    for (int64_t i = 0; i < a->threads; ++i) {
      d_hiddens.push_back(scratch.take(batch * kPanel));
      rooms.emplace_back(sizes, scratch);
      sums.emplace_back(sizes, scratch);
    }
#pragma omp parallel num_threads(a->threads) if (a->threads > 1)
    for (int64_t t = a->steps - 1; t >= 0; --t) {
#pragma omp for schedule(static)
      for (int64_t b = 0; b < batch; ++b) {
        const int64_t at = t * batch + b;
        float* d_context = a->d_contexts + at * encoder;
        for (int64_t e = 0; e < encoder; ++e)
          d_context[e] = a->d_context[at * encoder + e] + d_state[b * stride + e];
        AttentionSlope{shared, location_t, a->lengths[b], a->memory + b * tokens * encoder,
                       a->past + at * past_size,
                       a->past + (at + batch) * past_size + sizes.half(),
                       a->tanh + at * tokens * dim, d_context, a->d_weights + at * tokens,
                       d_past + b * past_size, a->d_processed + b * tokens * dim,
                       a->d_queries + at * dim}
            .run(rooms[thread_number()], sums[thread_number()]);
      }
      const LstmSlope slope{
          .hidden = hidden, .gates = a->gates + t * batch * n_gates,
          .cell_before = a->cells + t * batch * hidden,
          .cell = a->cells + (t + 1) * batch * hidden,
          .dropout = a->dropout ? a->dropout + t * batch * hidden : nullptr,
          .d_cell = d_cell, .d_gates = a->d_gates + t * batch * n_gates};
#pragma omp for schedule(static)
      for (int64_t p = 0; p < panels(hidden); ++p) {
        float* d_hidden = d_hiddens[thread_number()];  // [B][kPanel], through the query
        multiply(a->d_queries + t * batch * dim, dim, batch, query_weights + p * dim * kPanel, dim,
                 d_hidden, kPanel, false);
        const int64_t end = std::min<int64_t>(hidden, (p + 1) * kPanel);
        for (int64_t b = 0; b < batch; ++b)
          for (int64_t unit = p * kPanel; unit < end; unit += kLanes) {
            const int64_t n = std::min<int64_t>(kLanes, end - unit);
            slope.units(b, unit, n,
                        load(d_hidden + b * kPanel + unit - p * kPanel) +
                            load(a->d_hidden + (t * batch + b) * hidden + unit, n) +
                            load(d_state + b * stride + encoder + unit, n));
          }
      }
      if (t == 0) continue;
#pragma omp for schedule(static)
      for (int64_t p = 0; p < n_panels; ++p)
        multiply(a->d_gates + t * batch * n_gates, n_gates, batch,
                 gate_weights + p * n_gates * kPanel, n_gates, d_state + p * kPanel, stride,
                 false);
    }
    for (const AttentionSums& sum : sums) {
      for (int64_t p = 0; p < sizes.dim_panels(); ++p)
        for (int64_t j = 0; j < windows; ++j)
          for (int64_t d = p * kPanel; d < std::min(dim, (p + 1) * kPanel); ++d)
            a->d_location[j * dim + d] += sum.d_location[(p * windows + j) * kPanel + d % kPanel];
      for (int64_t d = 0; d < dim; ++d) a->d_v[d] += sum.d_v[d];
    }
  });
}

void* speech_begin(const Speech* speech) {
  try {
    return new Speaker(*speech);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// The number of steps taken: fewer than asked for where every row's gate has opened.
int64_t speech_run(void* speaker, const SpeechSteps* steps) {
  return static_cast<Speaker*>(speaker)->run(*steps);
}

void speech_end(void* speaker) { delete static_cast<Speaker*>(speaker); }

}  // extern "C"
