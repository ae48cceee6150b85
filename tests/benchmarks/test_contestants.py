"""Who trains and who speaks: all of them the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from benchmarks.memory import growth, remembered, rememberers
from benchmarks.setting import Setting
from benchmarks.speaking import speakers
from benchmarks.trainees import CHECKOUT, LOOP, ORACLE, our_trainees, their_trainees
from benchmarks.training import PARTS, TrainingStep
from benchmarks.workloads import demo, full
from trainer.hparams import HParams

MakeSetting = Callable[..., Setting]


def test_all_begin_with_the_same_weights_and_change_them(
    setting: MakeSetting, checkout: Path
) -> None:
    given, workload = setting(checkout=checkout), full(2, quick=True)
    makers = our_trainees(workload, given) | their_trainees(workload, given)
    assert list(makers)[-3:] == [LOOP, ORACLE, CHECKOUT]
    steps = {name: make() for name, make in makers.items()}
    before = steps[LOOP].model.state_dict()["decoder.attention_rnn.weight_hh"].clone()
    for name, step in steps.items():
        weight = step.model.state_dict()["decoder.attention_rnn.weight_hh"]
        assert torch.equal(weight, before), name
        parts = step.run(given.clock)
        assert set(parts) == set(PARTS)
        assert 0.0 < parts["forward"] + parts["backward"] < parts["step"]
        assert not torch.equal(weight, before), name
        assert all(parameter.grad is None for parameter in step.model.parameters())


def test_the_oracle_is_spared_large_batches_and_the_checkout_other_models(
    setting: MakeSetting, checkout: Path
) -> None:
    given = setting(checkout=checkout)
    assert list(their_trainees(full(32), given)) == [LOOP, CHECKOUT]
    assert list(their_trainees(demo(), given)) == [LOOP, ORACLE]


@pytest.mark.parametrize(("size", "who"), [(1, [LOOP, ORACLE, CHECKOUT]), (2, [LOOP])])
def test_everybody_speaks(
    setting: MakeSetting,
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
    size: int,
    who: list[str],
) -> None:
    found = speakers(full(size, quick=True), setting(checkout=checkout))
    assert [each.name for each in found if not each.ours] == who
    assert all(each.run()["frame"] > 0.0 for each in found)
    assert capsys.readouterr().out == ""


def test_sizes_are_as_published() -> None:
    batch = full(8).batch(torch.device("cpu"))
    assert batch.mels.shape == (8, 80, 500)
    assert batch.mel_lengths.tolist()[::7] == [500, 400]
    assert batch.text_lengths.tolist()[::7] == [80, 64]
    assert batch.gates.sum(1).tolist()[0] == 1.0
    assert full(8).hparams.model_dump() == HParams(symbols="nvidia").model_dump()


class Hungry(torch.nn.Module):
    """A model whose forward pass takes so many MB."""

    def __init__(self, megabytes: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.megabytes = megabytes


def test_memory_is_what_a_step_adds(setting: MakeSetting) -> None:
    megabytes = 300
    model = Hungry(megabytes)
    step = TrainingStep(
        model,
        remembered(quick=True).batch(torch.device("cpu")),
        torch.optim.SGD(model.parameters()),
        forward=lambda model, batch: torch.ones(model.megabytes * 250_000) * model.weight,
        loss=lambda outputs, batch: outputs.mean(),
    )
    taken = growth(step, setting().clock)
    assert megabytes * 1e6 < taken < megabytes * 4e6


def test_memory_is_measured_in_a_process_of_its_own(setting: MakeSetting) -> None:
    found = {each.name: each for each in rememberers(setting())}
    assert set(found) >= {"torch", LOOP, ORACLE}
    assert 1e6 < found["torch"].run()["peak"] < 1e9
