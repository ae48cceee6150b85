// The decoder when it speaks: what each step says is what the next one hears.
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

// One decoder that speaks: weights are packed once, then it takes steps in several calls.
struct Speech {
  int64_t batch, tokens, encoder, dim, kernel, hidden, decoder_hidden, mels, frames, prenet_1,
      prenet_2;
  int64_t by_weights;  // the LSTMs are told of the attention by its weights [N], not its context [E]
  int64_t threads;
  const int64_t* lengths;
  const float* memory;  // [B, N, E]; A is E, or N where by_weights
  const float* processed;        // [B, N, D]
  const float* prenet_1_weight;  // [P1, mels]
  const float* prenet_2_weight;  // [P2, P1]
  const float* attention_weight;  // [4H, P2+A+H], on (prenet, attention, hidden)
  const float* attention_bias;    // [4H]
  const float* query;             // [D, H]
  const float* location;          // [2k, D]
  const float* v;                 // [D]
  const float* decoder_weight;    // [4H', H+A+H'], on (hidden, attention, decoded)
  const float* decoder_bias;      // [4H']
  const float* output_weight;     // [frames*mels + 1, H'+E]: mel frames, then the gate
  const float* output_bias;       // [frames*mels + 1]
};

struct SpeechSteps {
  int64_t steps;
  double gate_threshold;  // of the logit
  const float* mask_1;    // [T, B, P1], or null
  const float* mask_2;    // [T, B, P2], or null
  float* outputs;         // [T, B, frames*mels + 1]
  float* weights;         // [T, B, N]
  uint8_t* opened;        // [B]: rows whose gate has opened; in and out
};

class Speaker {
 public:
  explicit Speaker(const Speech& speech)
      : s_(speech),
        lengths_(speech.lengths, speech.lengths + speech.batch),
        sizes_{speech.tokens, speech.encoder, speech.dim, speech.kernel},
        shared_(sizes_, speech.location, speech.v, scratch_),
        n_out_(speech.frames * speech.mels + 1),
        attended_(speech.by_weights ? speech.tokens : speech.encoder),
        heard_width_(speech.prenet_2 + attended_ + speech.hidden),
        told_width_(speech.hidden + attended_ + speech.decoder_hidden),
        said_width_(speech.decoder_hidden + speech.encoder) {
    prenet_1_ = packed_turned(s_.prenet_1_weight, s_.mels, s_.prenet_1, scratch_);
    prenet_2_ = packed_turned(s_.prenet_2_weight, s_.prenet_1, s_.prenet_2, scratch_);
    attention_ = scratch_.take_raw(packed_gates_size(heard_width_, s_.hidden));
    pack_gates(s_.attention_weight, heard_width_, heard_width_, s_.hidden, attention_);
    decoder_ = scratch_.take_raw(packed_gates_size(told_width_, s_.decoder_hidden));
    pack_gates(s_.decoder_weight, told_width_, told_width_, s_.decoder_hidden, decoder_);
    query_ = packed_turned(s_.query, s_.hidden, s_.dim, scratch_);
    output_ = packed_turned(s_.output_weight, said_width_, n_out_, scratch_);
    attention_bias_ = copied(s_.attention_bias, 4 * s_.hidden);
    decoder_bias_ = copied(s_.decoder_bias, 4 * s_.decoder_hidden);
    output_bias_ = copied(s_.output_bias, n_out_);
    memory_ = copied(s_.memory, s_.batch * s_.tokens * s_.encoder);
    processed_ = copied(s_.processed, s_.batch * s_.tokens * s_.dim);
    heard_ = scratch_.take(s_.batch * heard_width_);
    told_ = scratch_.take(s_.batch * told_width_);
    said_ = scratch_.take(s_.batch * said_width_);
    attention_cell_ = scratch_.take(s_.batch * s_.hidden);
    decoder_cell_ = scratch_.take(s_.batch * s_.decoder_hidden);
    frame_ = scratch_.take(s_.batch * s_.mels);
    past_ = scratch_.take(s_.batch * 2 * sizes_.past());
    bottleneck_ = scratch_.take(s_.batch * stride(s_.prenet_1));
    prenet_out_ = scratch_.take(s_.batch * stride(s_.prenet_2));
    queries_ = scratch_.take(s_.batch * stride(s_.dim));
    outputs_ = scratch_.take(s_.batch * stride(n_out_));
    for (int64_t i = 0; i < s_.threads; ++i) {
      sums_.push_back(scratch_.take(s_.batch * 2 * kPanel));
      rooms_.emplace_back(sizes_, scratch_);
    }
  }

  int64_t run(const SpeechSteps& steps) {
    int64_t taken = 0;
#pragma omp parallel num_threads(s_.threads) if (s_.threads > 1)
    for (int64_t t = 0; t < steps.steps; ++t) {
      hear(steps, t);
      attend(steps.weights + t * s_.batch * s_.tokens);
      tell();
      say(steps, t);
      // Every thread reads the same flags between two barriers, so all leave together.
      const bool all_opened =
          std::all_of(steps.opened, steps.opened + s_.batch, [](uint8_t flag) { return flag; });
#pragma omp barrier
#pragma omp single
      taken = t + 1;
      if (all_opened) break;
    }
    return taken;
  }

 private:
  static int64_t stride(int64_t columns) { return panels(columns) * kPanel; }

  float* copied(const float* from, int64_t size) {
    float* to = scratch_.take_raw(size);
    std::copy(from, from + size, to);
    return to;
  }

  void product(const float* x, int64_t depth, int64_t x_stride, const float* weights,
               int64_t columns, float* out) const {
#pragma omp for schedule(static)
    for (int64_t p = 0; p < panels(columns); ++p)
      multiply(x, x_stride, s_.batch, weights + p * depth * kPanel, depth, out + p * kPanel,
               stride(columns), false);
  }

  // ReLU and dropout, from whole panels to rows of `to_stride`.
  void squash(const float* from, int64_t columns, const float* mask, float* to,
              int64_t to_stride) const {
#pragma omp for schedule(static)
    for (int64_t b = 0; b < s_.batch; ++b)
      for (int64_t n = 0; n < columns; ++n) {
        const float x = from[b * stride(columns) + n];
        to[b * to_stride + n] = (x < 0.0f ? 0.0f : x) * (mask ? mask[b * columns + n] : 1.0f);
      }
  }

  // The prenet, into what the attention LSTM hears.
  void hear(const SpeechSteps& steps, int64_t t) {
    const int64_t first = s_.prenet_1, second = s_.prenet_2;
    const float* mask_1 = steps.mask_1 ? steps.mask_1 + t * s_.batch * first : nullptr;
    const float* mask_2 = steps.mask_2 ? steps.mask_2 + t * s_.batch * second : nullptr;
    product(frame_, s_.mels, s_.mels, prenet_1_, first, bottleneck_);
    squash(bottleneck_, first, mask_1, bottleneck_, stride(first));
    product(bottleneck_, first, stride(first), prenet_2_, second, prenet_out_);
    squash(prenet_out_, second, mask_2, heard_, heard_width_);
  }

  void lstm(const float* x, int64_t width, const float* weights, const float* bias, float* cell,
            int64_t hidden, float* out, int64_t out_stride) {
    const LstmStep step{
        .rows = s_.batch, .depth = width, .hidden = hidden, .x = x, .x_stride = width,
        .packed = weights, .pre = bias, .pre_stride = 0, .cell_before = cell, .cell = cell,
        .gates = nullptr, .out = out, .out_stride = out_stride, .dropout = nullptr,
        .lengths = nullptr, .time = 0};
#pragma omp for schedule(static)
    for (int64_t i = 0; i < lstm_blocks(hidden); ++i) step.block(i, sums_[thread_number()]);
  }

  // The attention LSTM and the attention, into what the decoder LSTM is told.
  void attend(float* weights) {
    lstm(heard_, heard_width_, attention_, attention_bias_, attention_cell_, s_.hidden, told_,
         told_width_);
    product(told_, s_.hidden, told_width_, query_, s_.dim, queries_);
#pragma omp for schedule(static)
    for (int64_t b = 0; b < s_.batch; ++b) {
      float* past = past_ + b * 2 * sizes_.past();
      float* context = said_ + b * said_width_ + s_.decoder_hidden;
      AttentionStep{shared_, lengths_[b], memory_ + b * s_.tokens * s_.encoder,
                    processed_ + b * s_.tokens * s_.dim, queries_ + b * stride(s_.dim), past, past,
                    nullptr, context}
          .run(rooms_[thread_number()]);
      std::copy_n(past + sizes_.half(), s_.tokens, weights + b * s_.tokens);
      const float* attended = s_.by_weights ? past + sizes_.half() : context;
      float *heard = heard_ + b * heard_width_ + s_.prenet_2, *told = told_ + b * told_width_;
      std::copy_n(attended, attended_, heard);
      std::copy_n(told, s_.hidden, heard + attended_);
      std::copy_n(attended, attended_, told + s_.hidden);
    }
  }

  // The decoder LSTM, into what the projections say.
  void tell() {
    lstm(told_, told_width_, decoder_, decoder_bias_, decoder_cell_, s_.decoder_hidden, said_,
         said_width_);
  }

  void say(const SpeechSteps& steps, int64_t t) {
    product(said_, said_width_, said_width_, output_, n_out_, outputs_);
#pragma omp for schedule(static)
    for (int64_t b = 0; b < s_.batch; ++b) {
      float* out = steps.outputs + (t * s_.batch + b) * n_out_;
      for (int64_t n = 0; n < n_out_; ++n) out[n] = outputs_[b * stride(n_out_) + n] + output_bias_[n];
      std::copy_n(out + n_out_ - 1 - s_.mels, s_.mels, frame_ + b * s_.mels);
      if (out[n_out_ - 1] > steps.gate_threshold) steps.opened[b] = 1;
      std::copy_n(said_ + b * said_width_, s_.decoder_hidden,
                  told_ + b * told_width_ + s_.hidden + attended_);
    }
  }

  Scratch scratch_;
  const Speech s_;  // sizes; its arrays belong to the caller, and are not looked at again
  const std::vector<int64_t> lengths_;
  const AttentionSizes sizes_;
  const AttentionWeights shared_;
  const int64_t n_out_, attended_, heard_width_, told_width_, said_width_;
  float *prenet_1_, *prenet_2_, *attention_, *decoder_, *query_, *output_;
  float *attention_bias_, *decoder_bias_, *output_bias_, *memory_, *processed_;
  float *heard_, *told_, *said_, *attention_cell_, *decoder_cell_, *frame_, *past_;
  float *bottleneck_, *prenet_out_, *queries_, *outputs_;
  std::vector<float*> sums_;
  std::vector<AttentionRoom> rooms_;
};
