"""Ray Tune runs a task: by an interpreter that has it, which imports nothing of ours.

``PYTHON ray_tune.py TASK`` with, in JSON: trials, slots, space, trainer (command), options, runs
and temporary (folders).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray  # type: ignore[import-not-found, unused-ignore]
from ray import tune  # type: ignore[import-not-found, unused-ignore]


def main() -> None:
    """Run the task to its end."""
    task = json.loads(sys.argv[1])
    ray.init(
        num_cpus=task["slots"], include_dashboard=False, log_to_driver=False,
        logging_level="ERROR", object_store_memory=200_000_000, _temp_dir=task["temporary"],
    )  # fmt: skip
    tuner = tune.Tuner(
        tune.with_resources(lambda params: _train(task, params), {"cpu": 1}),
        param_space={name: tune.uniform(*bounds) for name, bounds in task["space"].items()},
        tune_config=tune.TuneConfig(
            metric="quality", mode="max", num_samples=task["trials"],
            max_concurrent_trials=task["slots"], reuse_actors=True,
        ),
        run_config=tune.RunConfig(storage_path=task["temporary"], verbose=0),
    )  # fmt: skip
    results = tuner.fit()
    ray.shutdown()
    if results.num_errors or len(results) != task["trials"]:
        sys.exit(f"{results.num_errors} of {len(results)} trials failed: {results.errors[:1]}")


def _train(task: dict[str, Any], params: dict[str, float]) -> None:
    """One trial: the same trainer, and one report."""
    folder = Path(task["runs"], tune.get_context().get_trial_id())
    folder.mkdir(parents=True)
    lines = [f"{name}: {value}\n" for name, value in params.items()]
    (folder / "hparams.yaml").write_text("".join(lines), encoding="utf-8")
    subprocess.run(
        [*task["trainer"], "train", "--run-dir", str(folder),
         "--hparams-file", str(folder / "hparams.yaml"), *task["options"]], check=True,
    )  # fmt: skip
    events = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    values = [json.loads(line) for line in events if '"evaluation"' in line]
    tune.report({"quality": values[-1]["metrics"]["quality"]})


if __name__ == "__main__":
    main()
