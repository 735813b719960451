"""Writes a model as a GGUF file with a receipt, and a copy of it where the person wants it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from core.engines import gguf_writing, merging, receipt
from core.engines.checking import gguf_file
from core.engines.runtimes import dialect
from core.engines.seal import seal
from core.models import gguf_export, records
from core.specs import ExportSpec
from core.workspace import copies

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def run(spec: ExportSpec, job: JobContext) -> None:
    """Asks the source, merges, writes, checks, keeps, copies."""
    seal()
    job.phase("loading")
    source = job.input(spec.model)
    record = records.inspect(source)
    bases = merging.bases(job, spec.model)
    split = gguf_export.check((source, *bases), record.name)
    threads = int(job.resources["threads"])
    wanted = receipt.reference(source, bases, threads)
    job.check_cancelled()

    folder = job.stage("package")
    name = job.name or f"{record.name}-{spec.numbers}"
    file = folder / f"{name.replace(' ', '-')}.gguf"
    with tempfile.TemporaryDirectory(dir=job.folder, prefix="work-") as work:
        whole = source
        if bases:
            job.phase("merging")
            whole = Path(work)
            merging.merge(source, bases, whole)
            job.check_cancelled()
        job.phase("building")
        words = _words(source, bases, split, wanted, record.licence)
        gguf_writing.write(whole, file, spec.numbers, name, words)
        job.check_cancelled()
        job.phase("checking")
        made = receipt.carry_over(gguf_file.make(file, spec.numbers, wanted, whole, threads), source)
    receipt.write(folder, made)

    job.phase("saving")
    if made.status == "red":
        job.warn("The receipt is red, so the file is not handed out: " + "; ".join(made.reasons))
    elif spec.out:
        gguf_export.require_empty(Path(spec.out))
        copies.hand_out(folder, Path(spec.out))
    meta = {"format": "gguf", "recipe": spec.numbers, "file": file.name, "receipt": made.status}
    job.artifact("package", folder, meta=meta)
    job.result(
        file=file.name,
        out=spec.out if made.status != "red" else "",
        receipt=made.status,
        reasons=list(made.reasons),
        bytes_on_disk=made.bytes,
        agreement=made.agreement,
        kl=made.kl,
    )


def _words(
    source: Path, bases: tuple[Path, ...], split: str, wanted: receipt.Reference, licence: str
) -> gguf_writing.Words:
    folders = (source, *bases)
    document = next(folder / "tokenizer.json" for folder in folders if (folder / "tokenizer.json").exists())
    tokenizer = dialect.load(source, bases).tokenizer
    return gguf_writing.Words(
        tokenizer=records.read_json(document),
        split=split,
        template=wanted.template.decode(),
        stop_ids=wanted.stop_ids,
        bos_id=tokenizer.bos_token_id,
        pad_id=wanted.pad_id,
        licence=licence,
    )
