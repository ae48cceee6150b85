"""How many trials run at once, as people write it."""

from typing import Any

import pytest

from smart_tuner.config import StudyConfig, load_config
from trainer.exit_codes import BadInputError


@pytest.mark.parametrize(
    ("said", "jobs"), [(1, 1), ("3", 3), (256, 256), ("auto", "auto"), (" Auto ", "auto")]
)
def test_a_number_or_auto(said: Any, jobs: Any) -> None:
    variable = {"SMART_TUNER_STUDY__JOBS": str(said)}
    assert load_config(None, {}, environ=variable).study.jobs == jobs
    config = StudyConfig(study={"jobs": said})
    assert config.study.jobs == jobs
    assert StudyConfig(**config.record()) == config


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (0, "study.jobs=0: input should be greater than or equal to 1"),
        ("257", "study.jobs='257': input should be less than or equal to 256"),
        ("all", "study.jobs='all': input should be a whole number, or auto"),
        (1.5, "study.jobs=1.5: input should be a whole number, or auto"),
        ([2], "study.jobs=[2]: input should be a whole number, or auto"),
        (True, "study.jobs=True: input should be a whole number"),
    ],
)
def test_anything_else_is_refused_in_one_line(said: Any, message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        load_config(None, {"study": {"jobs": said}}, environ={})
    assert str(caught.value) == f"command line: {message}"
