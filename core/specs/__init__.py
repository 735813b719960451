"""The specs: one frozen model a job kind."""

from core.specs.base import Option, Spec
from core.specs.data import AugmentSpec, ImportDataSpec
from core.specs.distill import DistillSpec
from core.specs.editing import EditDataSpec
from core.specs.evaluate import EvaluateSpec
from core.specs.export import ExportSpec
from core.specs.finetune import FinetuneSpec
from core.specs.fit import FitSpec
from core.specs.generate import GenerateSpec
from core.specs.hub import DownloadDataSpec, DownloadModelSpec
from core.specs.merge import MergeSpec
from core.specs.models import AddEndpointSpec, AddModelSpec, ChatSpec
from core.specs.preview import PreviewSpec
from core.specs.prune import PruneSpec
from core.specs.quality import FixDataSpec, InspectDataSpec
from core.specs.quantize import QuantizeSpec
from core.specs.search import SearchSpec
from core.specs.training import TrainingSpec

__all__ = [
    "AddEndpointSpec",
    "AddModelSpec",
    "AugmentSpec",
    "ChatSpec",
    "DistillSpec",
    "DownloadDataSpec",
    "DownloadModelSpec",
    "EditDataSpec",
    "EvaluateSpec",
    "ExportSpec",
    "FinetuneSpec",
    "FitSpec",
    "FixDataSpec",
    "GenerateSpec",
    "ImportDataSpec",
    "InspectDataSpec",
    "MergeSpec",
    "Option",
    "PreviewSpec",
    "PruneSpec",
    "QuantizeSpec",
    "SearchSpec",
    "Spec",
    "TrainingSpec",
]
