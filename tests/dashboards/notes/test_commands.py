import shlex
from dataclasses import replace
from typing import Any

import pytest

from dashboards.notes.commands import study_commands, trial_commands
from smart_tuner.cli.program import program
from storage.records import StudyRecord, StudyState, TrialRecord, TrialRole, TrialState

TRIAL = TrialRecord(study="my study", number=3, params={"learning_rate": 1 / 3, "r": 5})


def parsed(command: str) -> tuple[str, list[str]]:
    """The command that ``smart-tuner`` would run, and its arguments."""
    words = shlex.split(command)
    assert words[0] == "smart-tuner"
    with program.make_context("smart-tuner", words[1:]) as context:
        name, found, rest = program.resolve_command(context, context._protected_args + context.args)
        assert found is not None
        found.make_context(name, list(rest), parent=context).close()
        return str(name), rest


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"state": TrialState.RUNNING}, ["show", "logs", "prune"]),
        ({"state": TrialState.PAUSED}, ["show", "logs", "prune"]),
        ({"state": TrialState.FAILED}, ["show", "logs", "enqueue"]),
        ({"state": TrialState.PRUNED, "role": TrialRole.PROBE}, ["show", "logs"]),
        (
            {"state": TrialState.COMPLETE, "checkpoint": "/a b/best.pt"},
            ["show", "logs", "synthesize", "enqueue"],
        ),
    ],
)
def test_what_can_be_done_about_a_trial(fields: dict[str, Any], names: list[str]) -> None:
    commands = [parsed(command) for command in trial_commands(replace(TRIAL, **fields))]
    assert [name for name, _ in commands] == names
    for name, rest in commands:
        if name == "enqueue":
            assert rest == ["--name=my study", "learning_rate=0.333333,r=5"]
        elif name != "synthesize":
            assert rest == ["3", "--name=my study"]


@pytest.mark.parametrize("name", ["demo", "-x", "мой $(голос)"])
@pytest.mark.parametrize(
    ("state", "last"),
    [
        (StudyState.RUNNING, ["pause", "stop"]),
        (StudyState.PAUSED, ["resume"]),
        (StudyState.STOPPED, ["start"]),
        (StudyState.CONTROLLER_LOST, ["start"]),
        (StudyState.FINISHED, ["synthesize"]),
        (StudyState.STOPPING, []),
    ],
)
def test_what_can_be_done_about_a_study(name: str, state: StudyState, last: list[str]) -> None:
    commands = [parsed(command) for command in study_commands(StudyRecord(name=name), state)]
    assert [command for command, _ in commands] == ["status", "best", "report", *last]
    assert all(any(name in word for word in rest) for _, rest in commands)
