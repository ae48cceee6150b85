"""The commented ``study.yaml`` that ``smart-tuner init`` writes."""

from importlib.resources import files


def study_template() -> str:
    """Every key with its default: loading it gives the demo study, without its probes."""
    return files("smart_tuner.config").joinpath("template.yaml").read_text("utf-8")
