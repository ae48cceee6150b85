"""Warm start: a new run that begins with the weights of another, NVIDIA/tacotron2's or ours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainer.exit_codes import BadInputError
from trainer.hparams import HParams
from trainer.model import Tacotron2
from trainer.nvidia import PublishedCheckpoint, read_published, tensor_shapes
from trainer.text import symbol_table
from trainer.torch_file import load_torch_file

_EMBEDDING = "embedding.weight"
_SYMBOL_SHAPED = (_EMBEDDING, "recogniser.symbol_layer")
"""What has a row for each symbol, by name or prefix."""
_PROJECTION = "linear_projection.linear_layer."
"""What makes a decoder step's frames, in either decoder."""
_NO_ADDITIONS = {"use_ddc": False, "use_mmi": False, "use_gst": False}
_MELS = (
    "sampling_rate", "filter_length", "hop_length", "win_length", "n_mel_channels", "mel_fmin",
    "mel_fmax", "mel_framing", "mel_normalisation",
)  # fmt: skip
"""The hparams that say what a mel is."""


@dataclass(frozen=True)
class WarmStart:
    """What a model took over, and what it did not."""

    loaded: tuple[str, ...]
    """Names of tensors."""
    left_out: dict[str, str]
    """Names of tensors or of whole parts, each with the reason in a few words."""
    at_random: tuple[str, ...] = ()
    """Names of parts that the checkpoint lacks."""
    other_mels: dict[str, tuple[object, object]] = field(default_factory=dict)
    """Hparams of the mels that differ: the checkpoint's value, and the model's."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, a sentence each."""
        return (
            *(f"warm start leaves out {name}: {why}" for name, why in self.left_out.items()),
            *(f"{name} starts at random: the checkpoint has none" for name in self.at_random),
            *(
                f"the warm start's checkpoint was made for {name}={theirs}, now {ours}: it must "
                f"learn other mels; set {name}={theirs} to keep what it knows"
                for name, (theirs, ours) in self.other_mels.items()
            ),
        )


def warm_start(model: Tacotron2, path: Path, ignore_layers: Sequence[str] = ()) -> WarmStart:
    """Give ``model`` the weights in ``path``; what is left out stays as it was.

    As in NVIDIA/tacotron2, ``ignore_layers`` names what to leave out; prefixes such as ``postnet``
    will do. Left out without being told: what belongs to another symbol table, to another reduction
    factor, or to a part that the checkpoint or the model lacks.

    Raises:
        BadInputError: the file can't be read, a name in ``ignore_layers`` is nothing's, a published
            part is missing, a shape differs, or a weight is not finite.
    """
    checkpoint = read_published(path)
    named = f"checkpoint {path}"
    own, found = model.state_dict(), checkpoint.state_dict
    left_out = _ignored(ignore_layers, {*own, *found})
    wanted = [key for key in own if not _under(key, ignore_layers)]
    missing = [key for key in wanted if key not in found]
    _require_published(named, model.hparams, missing)
    unknown = [key for key in found if key not in own and not _under(key, ignore_layers)]
    left_out |= dict.fromkeys(_parts(unknown, present=own), "this model has none")
    loaded: dict[str, Tensor] = {}
    for key in wanted:
        if key not in found:
            continue
        reason = _difference(key, model.hparams, own[key], checkpoint)
        if reason:
            left_out[key] = reason
        else:
            _require_usable(named, key, found[key], own[key])
            loaded[key] = found[key]
    model.load_state_dict(loaded, strict=False)
    at_random = tuple(_parts(missing, present=found))
    return WarmStart(tuple(loaded), left_out, at_random, _other_mels(path, model.hparams))


def _other_mels(path: Path, hparams: HParams) -> dict[str, tuple[object, object]]:
    """What differs in ``_MELS``; files that name no hparams, NVIDIA's, tell nothing."""
    contents: Any = load_torch_file(path, "meta")
    theirs = contents.get("hparams")
    if not isinstance(theirs, Mapping):
        return {}
    own = hparams.model_dump(mode="json")
    return {
        name: (theirs[name], own[name])
        for name in _MELS
        if name in theirs and theirs[name] != own[name]
    }


def _under(key: str, names: Iterable[str]) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in names)


def _ignored(ignore_layers: Sequence[str], keys: set[str]) -> dict[str, str]:
    for name in ignore_layers:
        if not any(_under(key, [name]) for key in keys):
            raise BadInputError(
                f"--ignore-layers: '{name}' is no tensor and no part of this model; known are "
                f"names such as {_EMBEDDING} and parts such as {', '.join(_roots(keys))}"
            )
    return dict.fromkeys(ignore_layers, "ignored, as --ignore-layers says")


def _roots(keys: Iterable[str]) -> list[str]:
    return sorted({key.split(".")[0] for key in keys})


def _parts(keys: Iterable[str], present: Mapping[str, object]) -> list[str]:
    """``keys``, those of a part that is absent as a whole under the part's one name."""
    roots = set(_roots(present))
    return list(
        dict.fromkeys(key if key.split(".")[0] in roots else _roots([key])[0] for key in keys)
    )


def _require_published(named: str, hparams: HParams, missing: list[str]) -> None:
    """Additions may be missing from a checkpoint; nothing else may."""
    published = tensor_shapes(hparams.model_copy(update=_NO_ADDITIONS))
    lacking = [key for key in missing if key in published]
    if lacking:
        part = lacking[0].rsplit(".", 1)[0]
        raise BadInputError(
            f"{named} lacks {lacking[0]} ({len(lacking)} of the model's tensors in all); let it "
            f"start at random with --ignore-layers {part}, or choose hparams of the same sizes"
        )


def _difference(
    key: str, hparams: HParams, own: Tensor, checkpoint: PublishedCheckpoint
) -> str | None:
    """Why ``key`` can't be taken over although nothing is wrong; None where it can."""
    theirs = checkpoint.state_dict[key]
    if own.shape[1:] != theirs.shape[1:] or own.ndim != theirs.ndim:
        return None
    if _under(key, _SYMBOL_SHAPED):
        return _another_table(hparams, checkpoint)
    if _PROJECTION in key and own.shape != theirs.shape:
        n_mels = hparams.n_mel_channels
        if theirs.shape[0] % n_mels == 0:
            ours, others = own.shape[0] // n_mels, theirs.shape[0] // n_mels
            return f"made for {others} frames a step, this decoder makes {ours}"
    return None


def _another_table(hparams: HParams, checkpoint: PublishedCheckpoint) -> str | None:
    own = symbol_table(hparams.symbols)
    # Files that name no table are the public code's.
    theirs = checkpoint.symbols or symbol_table("nvidia").symbols
    embedding = checkpoint.state_dict.get(_EMBEDDING)
    n_theirs = len(theirs) if embedding is None else len(embedding)
    if theirs == own.symbols and n_theirs == len(own):
        return None
    return (
        f"made for another symbol table ({n_theirs} symbols) than symbols={own.name} ({len(own)})"
    )


def _require_usable(named: str, key: str, theirs: Tensor, own: Tensor) -> None:
    if theirs.shape != own.shape:
        raise BadInputError(
            f"{named}: {key} is {list(theirs.shape)}, this model's is {list(own.shape)}; leave it "
            f"out with --ignore-layers {key}, or choose hparams of the same sizes"
        )
    if not torch.isfinite(theirs).all():
        raise BadInputError(
            f"{named}: {key} is not finite, its training has diverged; choose an earlier checkpoint"
        )
