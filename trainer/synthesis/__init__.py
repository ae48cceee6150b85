"""Speech from a checkpoint: many texts, long texts, and what went wrong in them."""

from trainer.synthesis.command import synthesize_command
from trainer.synthesis.failures import Failure, judge_take
from trainer.synthesis.parts import Part, Pause, split_text
from trainer.synthesis.reading import Reader
from trainer.synthesis.speaker import Speaker
from trainer.synthesis.speech import Speech, SpokenSentence
from trainer.synthesis.texts import Text
from trainer.synthesis.voice import Take, Voice

__all__ = [
    "Failure",
    "Part",
    "Pause",
    "Reader",
    "Speaker",
    "Speech",
    "SpokenSentence",
    "Take",
    "Text",
    "Voice",
    "judge_take",
    "split_text",
    "synthesize_command",
]
