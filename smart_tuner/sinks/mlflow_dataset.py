"""A study's corpus as MLflow knows data: by name and hash."""

import json
from pathlib import Path

from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from storage.records import StudyRecord

_DEMO = "corpora/demo-en"
_LONGEST_DIGEST = 36


def dataset_input(study: StudyRecord) -> DatasetInput:
    """The corpus that every trial of ``study`` learns from; the digest begins its sha256."""
    path = study.config.get("corpus") or _DEMO
    digest = str(study.identity.get("corpus", ""))
    source = {"path": path, "sha256": digest}
    dataset = Dataset(
        name=Path(path).name or "corpus",
        digest=digest[:_LONGEST_DIGEST],
        source_type="local",
        source=json.dumps(source),
        profile=json.dumps({"sha256": digest, "language": study.identity.get("language")}),
    )
    return DatasetInput(dataset, [InputTag(MLFLOW_DATASET_CONTEXT, "training")])
