import json
from pathlib import Path
from typing import Any

import pytest

import trainer.components
from trainer.components import Component, as_table, assemble, components_command
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.hparams import HParams, parse_hparams

NAMES = [
    "gradient clipper",
    "gradient stability monitor",
    "smart LR adapter",
    "guided attention loss",
    "safe DDC loss",
    "alignment diagnostics",
    "debug reporter",
    "rescue",
]
OFF = {"safe DDC loss"}
"""By default."""


def made(**changes: Any) -> dict[str, Component]:
    hparams = parse_hparams(changes, HParams.preset("demo"))
    return {component.name: component for component in assemble(hparams)}


def test_all_are_made_in_the_documented_order() -> None:
    components = made()
    assert list(components) == NAMES
    assert {name for name, component in components.items() if not component.on} == OFF


@pytest.mark.parametrize(
    ("name", "changes", "on"),
    [
        ("gradient clipper", {"grad_clip": "none"}, False),
        ("gradient clipper", {"grad_clip": "adaptive"}, True),
        ("gradient stability monitor", {"gradient_monitor": False}, False),
        ("smart LR adapter", {"lr_adapter": False}, False),
        ("guided attention loss", {"guide_loss_weight": 0.0}, False),
        ("safe DDC loss", {"use_ddc": True}, True),
        ("alignment diagnostics", {"alignment_diagnostics": False}, False),
        ("debug reporter", {"debug_report": False}, False),
        ("rescue", {"rescue": False}, False),
    ],
)
def test_each_has_its_switch(name: str, changes: dict[str, Any], on: bool) -> None:
    before, after = made(), made(**changes)
    assert after[name].on is on
    assert {n: c.on for n, c in after.items() if n != name} == {
        n: c.on for n, c in before.items() if n != name
    }
    (switch,) = changes
    assert after[name].settings[switch] == changes[switch]


def test_settings_are_hparams_and_each_governs_one_component() -> None:
    named = [name for component in made().values() for name in component.settings]
    assert len(named) == len(set(named))
    assert set(named) <= set(HParams.model_fields)


@pytest.mark.parametrize("factors", [(1, 20), (7, 3), (10, 10), (3, 2)])
def test_double_decoder_consistency_of_any_reduction_factors(factors: tuple[int, int]) -> None:
    r, coarse = factors
    assert made(use_ddc=True, n_frames_per_step=r, ddc_r=coarse)["safe DDC loss"].on


def test_one_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, evidence: object) -> None:
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(trainer.components, "write_debug_report", full)
    with pytest.raises(BadInputError) as raised:
        made()
    message = str(raised.value)
    assert message.startswith("debug reporter can't be assembled: [Errno 28] No space left")
    assert message.endswith("look at debug_report=True")


def test_a_loss_that_is_not_finite_cannot_be_trained_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer.components, "guided_attention_loss", lambda *_: float("nan"))
    with pytest.raises(
        BadInputError, match="guided attention loss can't be assembled: it gives nan"
    ):
        made()


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "hparams.yaml"
    file.write_text("use_ddc: true\nddc_r: 4\n", encoding="utf-8")
    arguments = ["--json", "--preset", "demo", "--hparams-file", str(file)]
    code = components_command([*arguments, "--hparams", "ddc_r=5,rescue=false"])
    listed = json.loads(capsys.readouterr().out)
    assert code is TrainerExit.FINISHED
    assert [one["name"] for one in listed] == NAMES
    assert all(set(one) == {"name", "on", "room", "settings"} for one in listed)
    assert listed[4]["on"]
    assert listed[4]["settings"]["ddc_r"] == 5
    assert not listed[-1]["on"]


def test_the_command_prints_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    components_command([])
    lines = capsys.readouterr().out.splitlines()
    assert "\n".join(lines) == as_table(assemble(HParams()))
    assert [line.split("  ")[0] for line in lines] == NAMES
    assert lines[4].split()[3:5] == ["off", "use_ddc=False"]
    assert lines[3].split()[4:] == [  # as `smart-tuner components` shows them
        "guide_loss_weight=2.5", "guide_kind=tachibana", "guide_g=0.4", "guide_decay_start=–",
        "guide_stop_step=–",
    ]  # fmt: skip
    assert " grad_clip_thresh=1 " in lines[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "demmo"], "unknown preset 'demmo'; did you mean 'demo'?"),
        (["--hparams", "ddc_rr=3"], "unknown hparam 'ddc_rr'; did you mean 'ddc_r'?"),
        (["--hparams", "ddc_r=0"], "hparam ddc_r='0'"),
    ],
)
def test_wrong_hparams_are_bad_input(arguments: list[str], message: str) -> None:
    with pytest.raises(BadInputError) as raised:
        components_command(arguments)
    assert str(raised.value).startswith(message)
