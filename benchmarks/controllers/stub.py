"""A trainer of no weight: speaks the protocol, waits, and learns nothing. Imports no package.

Every contestant starts it alike, by its path, with the options that a trainer takes; ``--seconds``
is its own.
"""

# ruff: noqa: PTH118, PTH123 (pathlib takes longer to import than all else here)

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

COMPONENTS = (
    "gradient clipper", "gradient stability monitor", "smart LR adapter", "guided attention loss",
    "safe DDC loss", "alignment diagnostics", "debug reporter", "rescue",
)  # fmt: skip
SCORES = (
    "validation.loss", "validation.mel_l1", "mcd", "alignment.diagonal_score",
    "alignment.overall_score", "alignment.coverage", "alignment.sharpness", "gate.accuracy",
    "free_run.success_rate", "free_run.retrieval_rate", "free_run.length_ratio",
)  # fmt: skip
QUALITY = 0.9
"""Of every trial, so that none is worse than its peers and given up."""


def main() -> None:
    """Play one command of the trainer."""
    if "components" in sys.argv:
        made = [{"name": n, "on": True, "room": "stub:x", "settings": {}} for n in COMPONENTS]
        print(json.dumps(made))
        return
    path = os.path.join(_option("--run-dir"), "events.jsonl")
    with open(path, "a", buffering=1, encoding="utf-8") as file:

        def write(event: str, **fields: object) -> None:
            file.write(json.dumps({"event": event, **fields, "time": time.time()}) + "\n")

        write("header", version=2)
        if "estimate" in sys.argv:
            write("estimate", seconds_per_step=0.02, seconds_per_evaluation=0.0,
                  seconds_to_start=0.1)  # fmt: skip
        else:
            _train(write)
        write("ended", exit="finished", message="")


def _train(write: "Callable[..., None]") -> None:
    steps, every = int(_option("--steps")), int(_option("--evaluate-every"))
    pause = float(_option("--seconds")) * every / steps
    write("started", step=0, steps=steps, resumed=False, pid=os.getpid(), hparams={}, versions={},
          n_parameters=1, n_training=16, n_held_out=4, baseline_mel_l1=1.0)  # fmt: skip
    for step in range(every, steps + 1, every):
        time.sleep(pause)
        metrics = {"train.loss": 1.0 / step, "gradient.norm": 1.0, "system.steps_per_second": 50.0}
        write("step", step=step, metrics=metrics, skipped=False)
        scores = {"quality": QUALITY, **dict.fromkeys(SCORES, 0.8)}
        write("evaluation", step=step, metrics=scores, alignment_png="", sample_wav="",
              best=step == every, seconds=0.0)  # fmt: skip


def _option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


if __name__ == "__main__":
    main()
