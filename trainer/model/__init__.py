"""Tacotron 2 (Shen et al. 2018, arXiv 1712.05884), keyed as NVIDIA/tacotron2's state dict."""

from trainer.model.outputs import (
    CoarseOutputs,
    DecoderOutputs,
    SynthesisOutputs,
    TacotronOutputs,
)
from trainer.model.tacotron2 import Tacotron2

__all__ = ["CoarseOutputs", "DecoderOutputs", "SynthesisOutputs", "Tacotron2", "TacotronOutputs"]
