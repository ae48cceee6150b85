"""The folder of a study's run directories: that it can be written, and is this study's."""

from itertools import count
from pathlib import Path

from smart_tuner.launch.trainer_process import is_alive
from trainer.exit_codes import BadInputError
from trainer.paths import RunPaths


def writable(directory: Path) -> Path:
    """``directory``, made; one clear line where the trainers could not write there."""
    probe = directory / ".writable"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BadInputError(
            f"{directory.resolve()} can't be written ({error.strerror}): "
            "start the study in a directory of yours"
        ) from None
    return directory


def set_aside(directory: Path) -> Path | None:
    """Make room for a new study: where now lies what another one of its name left, if any.

    Else trial 0 would go on from the checkpoint of a trial 0 that its database doesn't know.

    Raises:
        BadInputError: the other study's trainers are at work there.
    """
    runs = [RunPaths(path) for path in directory.glob("[0-9]*") if path.is_dir()]
    if not runs:
        return None
    if any(is_alive(paths) for paths in runs):
        raise BadInputError(
            f"{directory.resolve()}: another study of this name, kept in another database, is "
            "training there: start this one with another --name, or in another directory"
        )
    names = (f"{directory.name}.old{number}" for number in count(1))
    aside = next(path for name in names if not (path := directory.with_name(name)).exists())
    directory.rename(aside)
    directory.mkdir()
    return aside
