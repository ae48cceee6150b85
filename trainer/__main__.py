"""Entry point of ``python -m trainer``."""

import sys

from trainer.exit_codes import TrainerExit
from trainer.standard_error import losing_standard_error

try:
    from trainer.cli import main
except KeyboardInterrupt:  # torch takes seconds to import: a Ctrl-C may fall into them
    sys.exit(TrainerExit.STOPPED)

if __name__ == "__main__":
    sys.stderr = losing_standard_error()
    sys.exit(main(sys.argv[1:]))
