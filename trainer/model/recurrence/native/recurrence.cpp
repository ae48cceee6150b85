// The decoder's recurrences: whole loops over all steps, called once each from Python.
//
// All arrays are float32 and contiguous unless a stride is named. T steps, B utterances, N tokens,
// H hidden, E encoder, D attention dimension, k location kernel. The structs mirror those in
// native_call.py, field by field. Each loop returns 0, or 1 where there is no memory left.

#include <cstdint>
#include <new>

#include "attention_loop.h"
#include "lstm_loop.h"
#include "speech.h"

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

int lstm_forward(const Lstm* lstm) {
  return guarded([&] { run_forward(*lstm); });
}

int lstm_backward(const LstmGradient* gradient) {
  return guarded([&] { run_backward(*gradient); });
}

int attention_forward(const Attention* attention) {
  return guarded([&] { AttentionForward(*attention).run(); });
}

int attention_backward(const AttentionGradient* gradient) {
  return guarded([&] { AttentionBackward(*gradient).run(); });
}

// Null where there is no memory left.
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
