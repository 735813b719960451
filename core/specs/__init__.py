"""The specs: one frozen model a job kind."""

from core.specs.base import Option, Spec
from core.specs.data import ImportDataSpec
from core.specs.evaluate import EvaluateSpec
from core.specs.finetune import FinetuneSpec
from core.specs.hub import DownloadDataSpec, DownloadModelSpec
from core.specs.models import AddModelSpec, ChatSpec
from core.specs.preview import PreviewSpec
from core.specs.quantize import QuantizeSpec

__all__ = [
    "AddModelSpec",
    "ChatSpec",
    "DownloadDataSpec",
    "DownloadModelSpec",
    "EvaluateSpec",
    "FinetuneSpec",
    "ImportDataSpec",
    "Option",
    "PreviewSpec",
    "QuantizeSpec",
    "Spec",
]
