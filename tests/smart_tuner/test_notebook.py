"""The documented notebook, run in a real Jupyter kernel."""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

import smart_tuner

Workshop = Any
PAGE = Path(smart_tuner.__file__).parents[1] / "docs" / "notebook.md"


def cells(workshop: Workshop) -> list[str]:
    """What the page shows, with a trainer that only speaks the protocol, and no MLflow."""
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    made = "SmartTunerMain(config)"
    assert made in blocks[0]
    small = f"SmartTunerMain(config, trainer={workshop.trainer!r})"
    quiet = "import os; os.environ['SMART_TUNER_SINKS__MLFLOW'] = 'false'\n"
    return [quiet + blocks[0].replace(made, small), *blocks[1:]]


def test_the_documented_notebook_runs(workshop: Workshop) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells(workshop)]
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3",
        resources={"metadata": {"path": str(workshop.folder)}},
    )  # fmt: skip
    client.execute()
    shown = [
        str(output.get("text") or output.get("data"))
        for cell in notebook.cells
        for output in cell.outputs
    ]
    text = "\n".join(shown)
    assert "trial 0 starts" in text  # how it goes is seen
    assert "TunerExit.FINISHED" in text
    assert "<audio" in text
    assert "state=<StudyState.FINISHED" in text
