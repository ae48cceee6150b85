"""``python -m trainer``: train (the default), estimate, components, synthesize, export."""

import errno
import logging
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import torch

from trainer.arguments import run_parser
from trainer.events import Ended, Event
from trainer.exit_codes import BadInputError, Ending, NoRoomError, TrainerExit
from trainer.paths import DISK_FULL, RunPaths
from trainer.ranks import Ranks
from trainer.setup import StepsBar, build_training, open_run_directory
from trainer.stack_dump import stacks_on_request
from trainer.stop import StoppedEarly, StopRequest
from trainer.telling import Write

log = logging.getLogger("trainer")
# Imported when called: a training, of which a study has many, starts without them.
_COMMANDS = {
    "components": "trainer.components:components_command",
    "synthesize": "trainer.synthesis:synthesize_command",
    "export": "trainer.export:export_command",
}
_ESTIMATE = "trainer.estimate:estimate"
# torch raises RuntimeError here: of the CPU's allocator, of CUDA's driver, cuBLAS and cuDNN.
_OUT_OF_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory", "CUDA error: out of memory",
    "_STATUS_ALLOC_FAILED",
)  # fmt: skip


def main(argv: Sequence[str]) -> TrainerExit:
    """Run one command and return how it ended."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if not argv or argv[0].startswith("-"):
        return _run(argv, measure_only=False)
    command, rest = argv[0], argv[1:]
    if command in ("train", "estimate"):
        return _run(rest, measure_only=command == "estimate")
    if command not in _COMMANDS:
        known = ", ".join(("train", "estimate", *_COMMANDS))
        return _bad_input(BadInputError(f"unknown command '{command}'; known are {known}"))
    return _guarded(lambda: Ending(_imported(_COMMANDS[command])(rest))).exit


def _imported(target: str) -> Callable[..., Any]:
    """What ``target``, ``module:attribute``, names."""
    module, _, attribute = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), attribute)
    return function


def _run(argv: Sequence[str], measure_only: bool) -> TrainerExit:
    """Train, or measure what training costs; the last event says how it ended."""
    begun = time.monotonic()
    arguments = run_parser().parse_args(argv)
    paths = RunPaths(arguments.run_dir)
    stop = StopRequest(paths.lease, arguments.lease_seconds)
    if not measure_only:
        stop.listen()

    def work(ranks: Ranks, write: Write) -> Ending:
        training = build_training(arguments, paths, ranks, write, stop)
        if not measure_only:
            return training.train(stop, StepsBar(training.settings.steps, ranks.is_first).show)
        write(_imported(_ESTIMATE)(training, time.monotonic() - begun))
        return Ending(TrainerExit.FINISHED)

    try:
        ranks = Ranks.join(arguments.device)
        writer = open_run_directory(paths) if ranks.is_first else None
    except BadInputError as error:
        return _bad_input(error)
    if writer is None:
        logging.getLogger().setLevel(logging.ERROR)  # the first process tells it
        ending = _guarded(lambda: work(ranks, _nowhere))
    else:
        with writer, stacks_on_request(paths.stacks):
            ending = _guarded(lambda: work(ranks, writer.write))
            writer.write(Ended(exit=ending.exit.name.lower(), message=ending.message))
            if writer.is_behind and ending.exit is TrainerExit.FINISHED:
                ending = Ending(TrainerExit.UNWRITABLE)
    ranks.leave()
    return ending.exit


def _nowhere(event: Event) -> None:
    """Where the events of all processes but the first go."""


def _guarded(action: Callable[[], Ending]) -> Ending:
    """The edge of the process: every way to fail becomes an exit code and one line."""
    try:
        ending = action()
    except BadInputError as error:
        return Ending(_bad_input(error), str(error))
    except StoppedEarly as request:
        log.info("%s before the first step", request)
        return Ending(TrainerExit.STOPPED, str(request))
    except Exception as error:  # the one catch-all, at the edge
        if lacking := _of_the_machine(error):
            return lacking
        log.critical("internal error", exc_info=True)
        return Ending(TrainerExit.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
    if ending.message:
        print(f"error: {ending.message}", file=sys.stderr)
    return ending


def _of_the_machine(error: Exception) -> Ending | None:
    """Out of memory, or out of disk; None where ``error`` is neither."""
    number = error.errno if isinstance(error, OSError) else None
    lacks = isinstance(error, torch.OutOfMemoryError | MemoryError) or number == errno.ENOMEM
    if lacks or any(text in str(error) for text in _OUT_OF_MEMORY):
        log.error("out of memory: %s", error)
        return Ending(TrainerExit.OUT_OF_MEMORY, str(error))
    if number in DISK_FULL:
        no_room = NoRoomError(f"no room on the disk: {error}; make some, then start again")
        return Ending(_bad_input(no_room), str(no_room))
    return None


def _bad_input(error: BadInputError) -> TrainerExit:
    print(f"error: {error}", file=sys.stderr)
    full = isinstance(error, NoRoomError)
    return TrainerExit.UNWRITABLE if full else TrainerExit.BAD_INPUT
