// Location-sensitive attention of one utterance at one step, forward and backward.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "memory.h"
#include "product.h"
#include "vector.h"

struct AttentionSizes {
  int64_t tokens, encoder, dim, kernel;
  int64_t half() const { return (kernel - 1) / 2; }
  int64_t past() const { return tokens + 2 * half(); }  // weights with zeros on both sides
  int64_t dim_panels() const { return panels(dim); }
};

// What all steps share.
struct AttentionWeights {
  AttentionSizes sizes;
  float* location;  // [dim panels][2 * kernel][kPanel]
  float* v;         // [dim panels][kPanel], zeros at the end

  AttentionWeights(AttentionSizes sizes_, const float* location_from, const float* v_from,
                   Scratch& scratch)
      : sizes(sizes_) {
    const int64_t dim = sizes.dim;
    location = scratch.take(sizes.dim_panels() * 2 * sizes.kernel * kPanel);
    pack({location_from, dim, 1}, 2 * sizes.kernel, dim, location);
    v = scratch.take(sizes.dim_panels() * kPanel);
    std::copy(v_from, v_from + dim, v);
  }
};

// One thread's room.
struct AttentionRoom {
  float* panel;     // [tokens][kPanel]
  float* energies;  // [tokens]

  AttentionRoom(const AttentionSizes& sizes, Scratch& scratch)
      : panel(scratch.take(sizes.tokens * kPanel)), energies(scratch.take(sizes.tokens)) {}
};

// Energies -> weights that sum to 1, in place.
inline void softmax(float* energies, int64_t n_tokens) {
  float highest = energies[0];
  for (int64_t n = 1; n < n_tokens; ++n) highest = std::max(highest, energies[n]);
  Vec total{};
  for (int64_t n = 0; n < n_tokens; n += kLanes) {
    const int64_t n_valid = std::min<int64_t>(kLanes, n_tokens - n);
    store(energies + n, exp(load(energies + n, n_valid) - highest), n_valid);
    total += load(energies + n, n_valid);
  }
  const float scale = 1.0f / sum(total);
  for (int64_t n = 0; n < n_tokens; ++n) energies[n] *= scale;
}

struct AttentionStep {
  const AttentionWeights& shared;
  int64_t length;          // valid tokens; what lies behind them gets no weight
  const float* memory;     // [tokens][encoder]
  const float* processed;  // [tokens][dim]
  const float* query;      // [dim panels * kPanel]
  const float* past;       // [2][past], last weights and their sums
  float* past_next;        // [2][past]
  float* tanh_kept;        // [tokens][dim], or null where nobody needs it
  float* context;          // [encoder]

  void run(const AttentionRoom& room) const {
    const AttentionSizes& sizes = shared.sizes;
    std::fill(room.energies, room.energies + length, 0.0f);
    for (int64_t p = 0; p < sizes.dim_panels(); ++p) energies_of(p, room);
    softmax(room.energies, length);
    const int64_t first = sizes.half(), width = sizes.past();
    for (int64_t n = 0; n < length; ++n) {
      past_next[first + n] = room.energies[n];
      past_next[width + first + n] = past[width + first + n] + room.energies[n];
    }
    combine(room.energies, length, memory, sizes.encoder, context);
  }

 private:
  void energies_of(int64_t p, const AttentionRoom& room) const {
    const AttentionSizes& sizes = shared.sizes;
    const float* weights = shared.location + p * 2 * sizes.kernel * kPanel;
    // Windows that overlap are rows whose stride is 1.
    for (int channel = 0; channel < 2; ++channel)
      multiply(past + channel * sizes.past(), 1, length, weights + channel * sizes.kernel * kPanel,
               sizes.kernel, room.panel, kPanel, channel == 1);
    for (int half = 0; half < 2; ++half) {
      const int64_t d = p * kPanel + half * kLanes;
      const int64_t n_valid = std::min<int64_t>(kLanes, sizes.dim - d);
      if (n_valid <= 0) break;
      const Vec q = load(query + d), v = load(shared.v + d);
      for (int64_t n = 0; n < length; ++n) {
        const Vec inner = load(room.panel + n * kPanel + half * kLanes) + q +
                          load(processed + n * sizes.dim + d, n_valid);
        const Vec value = tanh(inner);
        if (tanh_kept != nullptr) store(tanh_kept + n * sizes.dim + d, value, n_valid);
        room.energies[n] += sum(value * v);
      }
    }
  }
};

// What the backward pass adds up over all steps, by one thread.
struct AttentionSums {
  float* d_location;  // [dim panels][2 * kernel][kPanel]
  float* d_v;         // [dim panels * kPanel]

  AttentionSums(const AttentionSizes& sizes, Scratch& scratch)
      : d_location(scratch.take(sizes.dim_panels() * 2 * sizes.kernel * kPanel)),
        d_v(scratch.take(sizes.dim_panels() * kPanel)) {}
};

// One thread's room.
struct AttentionSlopeRoom {
  float* d_inner;    // [tokens][kPanel]
  float* d_energy;   // [tokens]
  float* d_windows;  // [tokens][window panels * kPanel]

  AttentionSlopeRoom(const AttentionSizes& sizes, Scratch& scratch)
      : d_inner(scratch.take(sizes.tokens * kPanel)),
        d_energy(scratch.take(sizes.tokens)),
        d_windows(scratch.take(sizes.tokens * panels(2 * sizes.kernel) * kPanel)) {}
};

struct AttentionSlope {
  const AttentionWeights& shared;
  const float* location_t;  // [window panels][dim panels * kPanel][kPanel]: the weights, turned
  int64_t length;
  const float* memory;
  const float* past;       // [2][past], what the step saw
  const float* weights;    // [tokens], what it made
  const float* tanh_kept;  // [tokens][dim]
  const float* d_context;  // [encoder]
  const float* d_weights;  // [tokens], from outside
  float* d_past;           // [2][past]: of what it left to the next step; in and out
  float* d_processed;      // [tokens][dim], added to
  float* d_query;          // [dim]

  void run(const AttentionSlopeRoom& room, const AttentionSums& sums) const {
    energies(room.d_energy);
    for (int64_t p = 0; p < shared.sizes.dim_panels(); ++p) {
      inner(p, room, sums);
      location(p, room, sums);
    }
    pasts(room);
  }

 private:
  // Through context and softmax.
  void energies(float* d_energy) const {
    const AttentionSizes& sizes = shared.sizes;
    const float *last = d_past + sizes.half(), *sums = last + sizes.past();
    float total = 0;
    for (int64_t n = 0; n < length; ++n) {
      d_energy[n] = d_weights[n] + last[n] + sums[n] +
                    dot(memory + n * sizes.encoder, d_context, sizes.encoder);
      total += weights[n] * d_energy[n];
    }
    for (int64_t n = 0; n < length; ++n) d_energy[n] = weights[n] * (d_energy[n] - total);
  }

  // Through the energies' tanh.
  void inner(int64_t p, const AttentionSlopeRoom& room, const AttentionSums& sums) const {
    const int64_t dim = shared.sizes.dim;
    for (int half = 0; half < 2; ++half) {
      const int64_t d = p * kPanel + half * kLanes;
      const int64_t n_valid = std::min<int64_t>(kLanes, dim - d);
      if (n_valid <= 0) break;
      const Vec v = load(shared.v + d);
      Vec query{}, d_v{};
      for (int64_t n = 0; n < length; ++n) {
        const Vec value = load(tanh_kept + n * dim + d, n_valid);
        const Vec slope = room.d_energy[n] * v * (1.0f - value * value);
        d_v += room.d_energy[n] * value;
        query += slope;
        store(room.d_inner + n * kPanel + half * kLanes, slope);
        float* processed = d_processed + n * dim + d;
        store(processed, load(processed, n_valid) + slope, n_valid);
      }
      store(d_query + d, query, n_valid);
      store(sums.d_v + d, load(sums.d_v + d) + d_v);
    }
  }

  // To the location weights and to the windows that they saw.
  void location(int64_t p, const AttentionSlopeRoom& room, const AttentionSums& sums) const {
    const AttentionSizes& sizes = shared.sizes;
    float* d_location = sums.d_location + p * 2 * sizes.kernel * kPanel;
    for (int channel = 0; channel < 2; ++channel)
      multiply(past + channel * sizes.past(), 1, sizes.kernel, room.d_inner, length,
               d_location + channel * sizes.kernel * kPanel, kPanel, true);
    const int64_t n_panels = panels(2 * sizes.kernel), stride = n_panels * kPanel;
    for (int64_t q = 0; q < n_panels; ++q)
      multiply(room.d_inner, kPanel, length,
               location_t + (q * sizes.dim_panels() + p) * kPanel * kPanel, kPanel,
               room.d_windows + q * kPanel, stride, p > 0);
  }

  // The windows, put back where they were taken; what came before enters every later sum.
  void pasts(const AttentionSlopeRoom& room) const {
    const AttentionSizes& sizes = shared.sizes;
    const int64_t stride = panels(2 * sizes.kernel) * kPanel, width = sizes.past();
    std::fill(d_past, d_past + width, 0.0f);
    for (int64_t n = 0; n < length; ++n)
      for (int channel = 0; channel < 2; ++channel) {
        const float* from = room.d_windows + n * stride + channel * sizes.kernel;
        float* to = d_past + channel * width + n;
        for (int64_t k = 0; k < sizes.kernel; ++k) to[k] += from[k];
      }
  }
};
