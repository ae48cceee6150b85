"""Many short trials."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.controllers import throughput
from benchmarks.controllers.contestants import BARE, TUNED, ContestantFailedError
from benchmarks.controllers.task import Task
from benchmarks.setting import Setting
from benchmarks.timing import OURS


def test_trials_take_what_they_take_and_processes_more(
    setting: Callable[..., Setting], ray_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throughput, "task", lambda quick: Task(4, 2, 0.1))
    found = {each.name: each for each in throughput.runners(setting(ray=ray_python))}
    assert list(found) == [OURS, BARE, TUNED, "Ray Tune 0.0"]
    for name in (BARE, "Ray Tune 0.0"):
        whole, trials = found[name].run().values()
        assert 0.2 <= trials < whole


def test_without_ray_its_line_is_left_out(setting: Callable[..., Setting]) -> None:
    assert [each.name for each in throughput.runners(setting())] == [OURS, BARE, TUNED]


def test_trainers_that_never_ran_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(ContestantFailedError, match="0 trainers ran instead of 3"):
        throughput._span(tmp_path, 3)


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
def test_a_python_without_ray_is_one_line(python: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--rows", "mel", "--ray", python]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: --ray {python}: can't import ray.tune; name the python of")
    assert said.count("\n") == 1
