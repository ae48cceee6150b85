"""A checkout of NVIDIA/tacotron2 beside ours."""

import shutil
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.against import Checkout
from benchmarks.trainees import common_weights
from benchmarks.workloads import full
from trainer.exit_codes import BadInputError

WORKLOAD = full(2, quick=True)


def changed(checkout: Path, folder: Path, file: str, old: str, new: str) -> Path:
    """A copy of the checkout with one change."""
    shutil.copytree(checkout, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_it_is_loaded_agrees_and_leaves_no_module_behind(checkout: Path) -> None:
    path = list(sys.path)
    found = Checkout(checkout)
    found.require_agreement(WORKLOAD, common_weights(WORKLOAD.hparams))
    assert sys.path == path
    assert not {"model", "layers", "utils", "loss_function"} & set(sys.modules)


def test_its_loss_is_the_published_one(checkout: Path) -> None:
    found, batch = Checkout(checkout), WORKLOAD.batch(torch.device("cpu"))
    model = found.build(WORKLOAD.hparams, common_weights(WORKLOAD.hparams))
    found.loss(found.forward(model, batch), batch).backward()
    assert model.embedding.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_a_model_is_named(tmp_path: Path, there: bool) -> None:
    folder = tmp_path if there else tmp_path / "nowhere"
    with pytest.raises(BadInputError, match=rf"--against {folder}: no model.py there; give"):
        Checkout(folder)


def test_a_missing_package_is_named(checkout: Path, tmp_path: Path) -> None:
    folder = changed(
        checkout, tmp_path / "c", "layers.py", "from torch", "import no_such\nfrom torch"
    )
    with pytest.raises(BadInputError, match=r"model\.py needs 'no_such', which is not installed"):
        Checkout(folder)
    assert "layers" not in sys.modules


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("utils.py", "import torch", "import torch as", r"its model.py can't be imported"),
        ("model.py", "values = ", "hparams.n_speakers\n        values = ", r"'n_speakers'"),
        ("model.py", "self.decoder.max_", "del self.decoder.gate_layer\n        self.decoder.max_",
         r"published one \(.*gate_layer"),
    ],
)  # fmt: skip
def test_what_is_not_the_public_code_is_refused_in_one_line(
    checkout: Path, tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = changed(checkout, tmp_path / "c", file, old, new)
    with pytest.raises(BadInputError, match=message) as caught:
        Checkout(folder).build(WORKLOAD.hparams, common_weights(WORKLOAD.hparams))
    assert "\n" not in str(caught.value)


def test_a_model_that_computes_something_else_is_refused(checkout: Path, tmp_path: Path) -> None:
    folder = changed(
        checkout,
        tmp_path / "c",
        "model.py",
        "outputs.gate_outputs, al",
        "outputs.gate_outputs + 1, al",
    )
    with pytest.raises(BadInputError, match="its gate_outputs differ from the published model's"):
        Checkout(folder).require_agreement(WORKLOAD, common_weights(WORKLOAD.hparams))
