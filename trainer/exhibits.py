"""What a person looks at and listens to after each validation."""

import io

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from trainer.audio import griffin_lim
from trainer.hparams import HParams
from trainer.paths import RunPaths, atomic_path
from trainer.validation import HeldOut, Result


def write_exhibits(
    paths: RunPaths, result: Result, held_out: HeldOut, hparams: HParams, step: int
) -> None:
    """The alignment as a picture and the first held-out sentence as a WAV (Griffin-Lim).

    Raises:
        OSError: one can't be written, such as on a full disk.
    """
    from trainer.pictures import draw_validation  # with matplotlib: not before the first step

    draw_validation(paths.alignment_png(step), result, held_out, step)
    _speak(paths, result.spoken.mels[0], hparams, step)


def _speak(paths: RunPaths, mel: NDArray[np.float32], hparams: HParams, step: int) -> None:
    wav = griffin_lim(torch.from_numpy(np.array(mel)), hparams)
    # Through memory: of a full disk soundfile says nothing but "System error".
    file = io.BytesIO()
    soundfile.write(file, wav, hparams.sampling_rate, format="WAV", subtype="PCM_16")
    with atomic_path(paths.sample_wav(step)) as temporary:
        temporary.write_bytes(file.getbuffer())
