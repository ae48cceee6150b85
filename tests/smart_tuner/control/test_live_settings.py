import json
from typing import Any

import pytest

from smart_tuner.config import StudyConfig
from smart_tuner.control.live_settings import (
    SETTABLE,
    apply_settings,
    checked_settings,
    describe_settings,
    parse_settings,
)
from trainer.exit_codes import BadInputError


@pytest.mark.parametrize(
    ("pairs", "settings"),
    [
        (["trials=80"], {"trials": 80}),
        ([" jobs = 3 "], {"jobs": 3}),
        (["timeout=1h30m", "trials=2"], {"timeout": 5400.0, "trials": 2}),
        (["budget=20h"], {"budget": 72_000.0}),
        (["timeout=none", "budget=None"], {"timeout": None, "budget": None}),
    ],
)
def test_read_as_people_write_them(pairs: list[str], settings: dict[str, Any]) -> None:
    parsed = parse_settings(pairs)
    assert parsed == settings
    assert list(parsed) == list(settings)
    assert json.loads(json.dumps(parsed)) == settings
    assert checked_settings(parsed) == settings


@pytest.mark.parametrize(
    ("pairs", "line"),
    [
        ([], "nothing to set: name one of trials, jobs, timeout, budget, as in trials=80"),
        (["trials"], "'trials' is not of the form name=value: write it as trials=80"),
        (["trials="], "'trials=' is not of the form name=value: write it as trials=80"),
        (["trials=1", "trials=2"], "'trials' is given twice: leave out all but one"),
        (
            ["seed=2"],
            "'seed' can't be set while a study runs; what can is trials, jobs, timeout, budget",
        ),
        (["trials=many"], "trials='many': input should be a whole number"),
        (["trials=1.5"], "trials='1.5': input should be a whole number"),
        (["trials=0"], "trials='0': input should be greater than or equal to 1"),
        (
            ["timeout=soon"],
            "timeout: 'soon' is no duration: write seconds, or hours and minutes such as 2h or "
            "1h30m; none for no limit",
        ),
    ],
)
def test_what_is_wrong_is_one_line(pairs: list[str], line: str) -> None:
    with pytest.raises(BadInputError) as raised:
        parse_settings(pairs)
    assert str(raised.value) == line


@pytest.mark.parametrize("settings", [{"jobs": 0}, {"trials": True}, {"trials": None}, {"name": 1}])
def test_what_comes_unchecked_is_checked(settings: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        apply_settings(StudyConfig(), settings)


def test_applied_to_a_copy() -> None:
    config = StudyConfig(study={"timeout": "2h", "name": "voice", "stall_timeout": "none"})
    changed = apply_settings(config, {"trials": "80", "timeout": None})
    assert (changed.study.trials, changed.study.timeout) == (80, None)
    assert (config.study.trials, config.study.timeout) == (12, 7200)
    same = {"trials": 12, "timeout": 7200.0}
    assert apply_settings(changed, same) == config
    assert apply_settings(config, {}) == config
    assert set(SETTABLE) < set(type(config.study).model_fields)


def test_described() -> None:
    config = StudyConfig(study={"timeout": "90m", "budget": 90.5})
    settings = {"trials": 80, "timeout": 93_784.0, "budget": None}
    assert describe_settings(config, settings) == (
        "trials is 80 now (was 12), timeout is 26h3m4s now (was 1h30m), budget is none now "
        "(was 1m30s)"
    )
