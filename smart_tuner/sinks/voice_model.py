"""A voice as an MLflow model, from code: this file imports mlflow and the standard library alone.

``predict`` has the trainer speak, in a process of its own, of the package ``smart-tuner`` that is
installed beside whoever loads the model.
"""

import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any

import mlflow

_LONGEST_COMPLAINT = 2000


class Voice(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]
    """Texts in, WAVs out."""

    def predict(self, context: Any, model_input: list[str]) -> list[dict[str, object]]:
        """Speak each text.

        Args:
            context: MLflow's; names the checkpoint.
            model_input: the texts.

        Returns:
            For each text, in order: ``text``, ``wav`` (the bytes of a WAV file) and
            ``sample_rate`` (Hz).

        Raises:
            ValueError: a text is empty.
            RuntimeError: the trainer could not speak; its own words.
        """
        texts = [" ".join(text.split()) for text in model_input]
        if not all(texts):
            raise ValueError("a text is empty: give each one something to speak")
        with tempfile.TemporaryDirectory() as folder:
            script, spoken = Path(folder, "texts.txt"), Path(folder, "wavs")
            lines = (f"{number}|{text}" for number, text in enumerate(texts))
            script.write_text("\n".join(lines) + "\n", encoding="utf-8")
            _speak(context.artifacts["checkpoint"], script, spoken)
            wavs = [spoken / f"{number}.wav" for number in range(len(texts))]
            return [_record(text, wav) for text, wav in zip(model_input, wavs, strict=True)]


def _speak(checkpoint: str, script: Path, spoken: Path) -> None:
    # -P: a folder named `trainer` in the working directory must not shadow the package.
    command = [
        sys.executable, "-P", "-m", "trainer", "synthesize", "--progress=off",
        f"--checkpoint={checkpoint}", f"--text-file={script}", "--", str(spoken),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip()[-_LONGEST_COMPLAINT:] or "nothing"
        raise RuntimeError(
            f"the trainer could not speak (exit code {done.returncode}; is the package smart-tuner "
            f"installed for {sys.executable}?): {said}"
        )


def _record(text: str, path: Path) -> dict[str, object]:
    with wave.open(str(path)) as wav:
        rate = wav.getframerate()
    return {"text": text, "wav": path.read_bytes(), "sample_rate": rate}


mlflow.models.set_model(Voice())
