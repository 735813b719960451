"""The kinds of job, by name. Engines are named by text and loaded only in the worker, checks when needed."""

from __future__ import annotations

from dataclasses import dataclass

from core import specs
from core.errors import InputError
from core.specs import Spec


@dataclass(frozen=True)
class Kind:
    """One kind of job.

    Attributes:
        spec: What its runs are described by.
        engine: Module with `run(spec, job)`, imported in the child process only.
        makes: Type of the artifact it leaves.
        resumes: Whether an interrupted run goes on where it was, instead of beginning again.
        saves: Whether a stop keeps what was done up to that very moment, for a resume to go on from.
        network: Whether its child may reach the Hugging Face hub; only a download that was asked for may.
        endpoints: Whether a model at an endpoint may be its input; its child is given the key.
        slow_start: Whether its libraries take seconds to load, so that it pays to load them ahead.
        refuses: `module:function` that gets the workspace and the spec before a run is queued, and raises an
            `InputError` where the small files already say that it cannot work.
    """

    spec: type[Spec]
    engine: str
    makes: str
    resumes: bool = False
    saves: bool = False
    network: bool = False
    endpoints: bool = False
    slow_start: bool = False
    refuses: str = ""


KINDS: dict[str, Kind] = {
    kind.spec.kind: kind
    for kind in (
        Kind(specs.ImportDataSpec, "core.engines.import_data", "dataset"),
        Kind(specs.AugmentSpec, "core.engines.augment", "dataset"),
        Kind(specs.InspectDataSpec, "core.engines.inspect_data", ""),
        Kind(specs.FixDataSpec, "core.engines.fix_data", "dataset"),
        Kind(specs.EditDataSpec, "core.engines.edit_data", "dataset"),
        Kind(specs.AddModelSpec, "core.engines.add_model", "model", refuses="core.models.foreign:refuse"),
        Kind(specs.AddEndpointSpec, "core.engines.add_endpoint", "model"),
        Kind(specs.DownloadModelSpec, "core.engines.download_model", "model", resumes=True, network=True),
        Kind(specs.DownloadDataSpec, "core.engines.download_data", "dataset", resumes=True, network=True),
        Kind(
            specs.GenerateSpec, "core.engines.generate", "dataset", resumes=True, saves=True, endpoints=True
        ),
        Kind(specs.FinetuneSpec, "core.engines.finetune", "model", resumes=True, saves=True, slow_start=True),
        Kind(
            specs.DistillSpec,
            "core.engines.distill",
            "model",
            resumes=True,
            saves=True,
            slow_start=True,
            refuses="core.coverage:refuse",
        ),
        Kind(specs.MergeSpec, "core.engines.merge", "model", refuses="core.models.compatible:refuse"),
        Kind(
            specs.PruneSpec,
            "core.engines.prune",
            "model",
            resumes=True,
            slow_start=True,
            refuses="core.models.pruning.refusal:refuse",
        ),
        Kind(specs.SearchSpec, "core.engines.search", "report", resumes=True, saves=True),
        Kind(specs.FitSpec, "core.engines.fit", ""),
        Kind(
            specs.QuantizeSpec,
            "core.engines.quantize",
            "model",
            resumes=True,
            slow_start=True,
            refuses="core.models.exporting:refuse",
        ),
        Kind(specs.ExportSpec, "core.engines.export", "package", refuses="core.models.gguf_export:refuse"),
        Kind(
            specs.EvaluateSpec,
            "core.engines.evaluate",
            "report",
            slow_start=True,
            endpoints=True,
            refuses="core.data.harness_tasks:refuse",
        ),
        Kind(specs.ChatSpec, "core.engines.chat", ""),
        Kind(specs.PreviewSpec, "core.engines.preview", ""),
    )
}


def saves(name: str) -> bool:
    """Whether a stop of such a job keeps what was done up to that very moment."""
    return name in KINDS and KINDS[name].saves


def kind_of(name: str) -> Kind:
    """A kind by name.

    Raises:
        InputError: This program does not know it.
    """
    try:
        return KINDS[name]
    except KeyError:
        raise InputError(
            f"This program has no job kind {name!r}.", fix="Update SLM Workbench.", code="kind.unknown"
        ) from None
