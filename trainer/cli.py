"""``python -m trainer``: train (the default), estimate, components, synthesize, export."""

import logging
import sys
import time
from collections.abc import Callable, Sequence

import torch

from trainer.arguments import run_parser
from trainer.components import components_command
from trainer.estimate import estimate
from trainer.events import Ended, Event
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.export import export_command
from trainer.paths import RunPaths
from trainer.preparation import Write
from trainer.ranks import Ranks
from trainer.setup import StepsBar, build_training, open_run_directory
from trainer.stop import StoppedEarly, StopRequest
from trainer.synthesis import synthesize_command

log = logging.getLogger("trainer")
_CPU_OUT_OF_MEMORY = "DefaultCPUAllocator: can't allocate memory"  # torch raises RuntimeError here


def main(argv: Sequence[str]) -> TrainerExit:
    """Run one command and return how it ended."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    command, rest = (argv[0], argv[1:]) if argv else ("", argv)
    if command == "synthesize":
        return _guarded(lambda: synthesize_command(rest))[0]
    if command == "components":
        return _guarded(lambda: components_command(rest))[0]
    if command == "export":
        return _guarded(lambda: export_command(rest))[0]
    if command == "estimate":
        return _run(rest, measure_only=True)
    return _run(rest if command == "train" else argv, measure_only=False)


def _run(argv: Sequence[str], measure_only: bool) -> TrainerExit:
    """Train, or measure what training costs; the last event says how it ended."""
    begun = time.monotonic()
    arguments = run_parser().parse_args(argv)
    paths = RunPaths(arguments.run_dir)
    stop = StopRequest(paths.lease, arguments.lease_seconds)
    if not measure_only:
        stop.listen()

    def work(ranks: Ranks, write: Write) -> TrainerExit:
        training = build_training(arguments, paths, ranks, write, stop)
        if not measure_only:
            return training.train(stop, StepsBar(training.settings.steps, ranks.is_first).show)
        write(estimate(training, time.monotonic() - begun))
        return TrainerExit.FINISHED

    try:
        ranks = Ranks.join(arguments.device)
        writer = open_run_directory(paths) if ranks.is_first else None
    except BadInputError as error:
        return _bad_input(error)
    if writer is None:
        code, _ = _guarded(lambda: work(ranks, _nowhere))
    else:
        with writer:
            code, message = _guarded(lambda: work(ranks, writer.write))
            writer.write(Ended(exit=code.name.lower(), message=message))
            if writer.is_behind and code is TrainerExit.FINISHED:
                code = TrainerExit.UNWRITABLE
    ranks.leave()
    return code


def _nowhere(event: Event) -> None:
    """Where the events of all processes but the first go."""


def _guarded(action: Callable[[], TrainerExit]) -> tuple[TrainerExit, str]:
    """The edge of the process: every way to fail becomes an exit code and one line."""
    try:
        return action(), ""
    except BadInputError as error:
        return _bad_input(error), str(error)
    except StoppedEarly as request:
        log.info("%s before the first step", request)
        return TrainerExit.STOPPED, str(request)
    except (torch.OutOfMemoryError, MemoryError) as error:
        return _out_of_memory(error), str(error)
    except Exception as error:  # the one catch-all, at the edge
        if _CPU_OUT_OF_MEMORY in str(error):
            return _out_of_memory(error), str(error)
        log.critical("internal error", exc_info=True)
        return TrainerExit.INTERNAL_ERROR, f"{type(error).__name__}: {error}"


def _out_of_memory(error: BaseException) -> TrainerExit:
    log.error("out of memory: %s", error)
    return TrainerExit.OUT_OF_MEMORY


def _bad_input(error: BadInputError) -> TrainerExit:
    print(f"error: {error}", file=sys.stderr)
    return TrainerExit.BAD_INPUT
