"""A study's best voice, loaded and spoken with as anybody would: elsewhere, in a fresh process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from smart_tuner.exit_codes import TunerExit

SPEAK = """
import io, json, sys, wave
import mlflow

mlflow.set_tracking_uri(sys.argv[1])
voice = mlflow.pyfunc.load_model("models:/smart-tuner-speech@best")
spoken = voice.predict(["the red fox", "a | bar"])
for one in spoken:
    with wave.open(io.BytesIO(one["wav"])) as wav:
        print(json.dumps([one["text"], one["sample_rate"], wav.getframerate(), wav.getnframes()]))
try:
    voice.predict([" "])
except ValueError as error:
    print(error)
"""


def test_it_speaks(real_workshop: Any, tmp_path_factory: Any) -> None:
    study: dict[str, Any] = {"study": {"trials": 1}, "sinks": {"mlflow": True}}
    ran = real_workshop.run(**study)
    assert ran.code is TunerExit.FINISHED, ran.out
    elsewhere: Path = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "trainer").mkdir()  # must not be taken for the package
    (elsewhere / "trainer/__init__.py").write_text("raise RuntimeError('the wrong one')")
    done = subprocess.run(
        [sys.executable, "-c", SPEAK, f"sqlite:///{real_workshop.folder}/mlflow.db"],
        cwd=elsewhere,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *lines, refusal = done.stdout.splitlines()
    for line, text in zip(lines, ["the red fox", "a | bar"], strict=True):
        said, rate, written, frames = json.loads(line)
        assert (said, rate, written) == (text, 22_050, 22_050)
        assert frames > 0
    assert refusal == "a text is empty: give each one something to speak"
