"""Notes in Markdown: what happened in a trial, and in a study."""

from dashboards.notes.study import study_note
from dashboards.notes.trial import trial_note

__all__ = ["study_note", "trial_note"]
