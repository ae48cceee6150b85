"""Entry point of ``python -m smart_tuner.cli``."""

import sys

from smart_tuner.cli import main

if __name__ == "__main__":
    sys.exit(main())
