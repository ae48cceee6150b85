"""A voice for other programs."""

from trainer.export.command import export_command

__all__ = ["export_command"]
