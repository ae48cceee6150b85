"""Figures of a study: Plotly, made of storage's records."""

from dashboards.figures.study import study_figures

__all__ = ["study_figures"]
