"""``python -m trainer``: train (the default), ``estimate``, ``synthesize``."""

import logging
import sys
import time
from collections.abc import Callable, Sequence

import torch

from trainer.arguments import run_parser, synthesis_parser
from trainer.devices import choose_device
from trainer.estimate import estimate
from trainer.events import Ended, EventWriter
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.paths import RunPaths
from trainer.setup import build_training, open_run_directory, steps_bar
from trainer.stop import StopRequest
from trainer.synthesis import synthesize
from trainer.text import symbol_name

log = logging.getLogger("trainer")
_CPU_OUT_OF_MEMORY = "DefaultCPUAllocator: can't allocate memory"  # torch raises RuntimeError here


def main(argv: Sequence[str]) -> TrainerExit:
    """Run one command and return how it ended."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    command, rest = (argv[0], argv[1:]) if argv else ("", argv)
    if command == "synthesize":
        return _guarded(lambda: _synthesize(rest))[0]
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

    def work(writer: EventWriter) -> TrainerExit:
        training = build_training(arguments, paths, writer)
        if not measure_only:
            return training.train(stop, steps_bar)
        writer.write(estimate(training, time.monotonic() - begun))
        return TrainerExit.FINISHED

    try:
        writer = open_run_directory(paths)
    except BadInputError as error:
        return _bad_input(error)
    with writer:
        code, message = _guarded(lambda: work(writer))
        writer.write(Ended(exit=code.name.lower(), message=message))
    return code


def _synthesize(argv: Sequence[str]) -> TrainerExit:
    arguments = synthesis_parser().parse_args(argv)
    torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    speech = synthesize(arguments.checkpoint, arguments.text, arguments.out, device, arguments.seed)
    for symbol, count in speech.unknown.items():
        log.warning("left out %d x %s: this voice doesn't know it", count, symbol_name(symbol))
    if not speech.stopped:
        log.warning("the voice did not stop by itself; the speech was cut")
    log.info("wrote %s (%.2f s)", arguments.out, speech.seconds)
    return TrainerExit.FINISHED


def _guarded(action: Callable[[], TrainerExit]) -> tuple[TrainerExit, str]:
    """The edge of the process: every way to fail becomes an exit code and one line."""
    try:
        return action(), ""
    except BadInputError as error:
        return _bad_input(error), str(error)
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
