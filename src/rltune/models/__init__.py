"""Models: what is known of one without loading it, and the embedded family."""

from rltune.models.embedded import embedded_folder, embedded_names, is_embedded
from rltune.models.inspect import ModelInfo, describe_model, model_source

__all__ = ["ModelInfo", "describe_model", "embedded_folder", "embedded_names", "is_embedded", "model_source"]
