"""Style: global style tokens heard in a recording, or predicted from the text."""

from trainer.model.style.global_style import GlobalStyle
from trainer.model.style.reference_encoder import ReferenceEncoder
from trainer.model.style.style_tokens import StyleTokens
from trainer.model.style.text_predicted import TextPredictedStyle

__all__ = ["GlobalStyle", "ReferenceEncoder", "StyleTokens", "TextPredictedStyle"]
