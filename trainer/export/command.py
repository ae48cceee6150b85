"""``python -m trainer export``."""

import logging
from collections.abc import Sequence

from trainer.checkpoint import Checkpoint
from trainer.exit_codes import BadInputError, TrainerExit
from trainer.export.arguments import export_parser
from trainer.export.nvidia import export_nvidia
from trainer.export.torchscript import export_torchscript
from trainer.synthesis.outputs import refuse_overwriting

log = logging.getLogger("trainer")


def export_command(argv: Sequence[str]) -> TrainerExit:
    """Export what the command line ``argv`` says.

    Raises:
        BadInputError: The checkpoint can't be read, has no such form, or the file can't be
            written or is the checkpoint itself.
    """
    told = export_parser().parse_args(argv)
    refuse_overwriting(told.out, {"checkpoint": told.checkpoint})
    checkpoint = Checkpoint.load(told.checkpoint, "cpu")
    try:
        if told.format == "nvidia":
            for line in export_nvidia(checkpoint, told.out):
                log.warning("%s", line)
        else:
            export_torchscript(checkpoint, told.out)
            log.info("the program was loaded again, and says what the model says")
    except OSError as error:
        raise BadInputError(f"{told.out} can't be written: {error.strerror}") from None
    log.info("wrote %s", told.out)
    return TrainerExit.FINISHED
