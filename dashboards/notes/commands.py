"""Commands of ``smart-tuner`` that go on from where a trial or a study is."""

import shlex

from storage.records import StudyRecord, StudyState, TrialRecord, TrialRole, TrialState

_PROGRAM = "smart-tuner"


def trial_commands(trial: TrialRecord) -> list[str]:
    """Ready to be copied: look closer, give it up, or hear it."""
    study, number = f"--name={trial.study}", str(trial.number)
    commands = [["show", number, study], ["logs", number, study]]
    if trial.state.active or trial.state.waiting:
        commands.append(["prune", number, study])
    if trial.checkpoint is not None and trial.state is TrialState.COMPLETE:
        voice = f"--checkpoint={trial.checkpoint}"
        commands.append(["synthesize", voice, "your text", "out.wav"])
    if trial.state.ended and trial.params and trial.role is TrialRole.TRIAL:
        commands.append(["enqueue", study, _settings(trial)])
    return [shlex.join([_PROGRAM, *command]) for command in commands]


def study_commands(study: StudyRecord, state: StudyState) -> list[str]:
    """Ready to be copied; ``state`` is as it was read, ``controller_lost`` among them."""
    name = f"--name={study.name}"
    commands = [["status", name], ["best", name], ["report", name]]
    if state in (StudyState.RUNNING, StudyState.PAUSING):
        commands += [["pause", *_addressed(study)], ["stop", *_addressed(study)]]
    elif state is StudyState.PAUSED:
        commands.append(["resume", *_addressed(study)])
    elif state in (StudyState.STOPPED, StudyState.CONTROLLER_LOST):
        commands.append(["start", "study", name])
    elif state is StudyState.FINISHED:
        commands.append(["synthesize", name, "your text", "out.wav"])
    return [shlex.join([_PROGRAM, *command]) for command in commands]


def _addressed(study: StudyRecord) -> list[str]:
    return ["--", study.name] if study.name.startswith("-") else [study.name]


def _settings(trial: TrialRecord) -> str:
    """To six digits: they are there to be changed."""
    return ",".join(f"{name}={_value(value)}" for name, value in trial.params.items())


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
