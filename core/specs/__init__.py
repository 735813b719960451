"""The specs: one frozen model a job kind."""

from core.specs.base import Option, Spec
from core.specs.jobs import (
    AddModelSpec,
    ChatSpec,
    EvaluateSpec,
    FinetuneSpec,
    ImportDataSpec,
    QuantizeSpec,
)

__all__ = [
    "AddModelSpec",
    "ChatSpec",
    "EvaluateSpec",
    "FinetuneSpec",
    "ImportDataSpec",
    "Option",
    "QuantizeSpec",
    "Spec",
]
