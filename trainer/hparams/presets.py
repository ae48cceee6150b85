"""The presets: ``tacotron2`` is the defaults, ``demo`` a model for one CPU core."""

from typing import Any, Literal

PresetName = Literal["tacotron2", "demo"]

# What `demo` changes: a model that one CPU core trains to speech in about a minute.
PRESETS: dict[str, dict[str, Any]] = {
    "tacotron2": {},
    "demo": {
        "append_eos": True,
        "mel_normalisation": "scalar",
        "padding": "masked",
        "symbols_embedding_dim": 96,
        "encoder_n_convolutions": 2,
        "encoder_embedding_dim": 96,
        "encoder_dropout": 0.1,
        "n_frames_per_step": 3,
        "prenet_dims": (96, 64),
        "prenet_dropout": 0.5,
        "attention_rnn_dim": 128,
        "attention_dim": 64,
        "attention_location_n_filters": 16,
        "attention_location_kernel_size": 15,
        "p_attention_dropout": 0.0,
        "p_decoder_dropout": 0.0,
        "decoder_rnn_dim": 128,
        "postnet_embedding_dim": 96,
        "postnet_n_convolutions": 3,
        "postnet_dropout": 0.0,
        "max_decoder_steps": 400,
        "guide_loss_weight": 1.0,
        "guide_g": 0.3,
        "gate_positive_weight": 1.0,
        "gst_n_tokens": 6,
        "gst_token_dim": 32,
        "gst_n_heads": 2,
        "gst_reference_filters": (8, 8, 16, 16),
        "gst_reference_dim": 32,
        "batch_size": 12,
        "learning_rate": 6e-3,
        "schedule": "cosine",
        "weight_decay": 0.0,
        "grad_clip_thresh": 1.0,
    },
}
