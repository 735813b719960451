"""Putting runs into the queue and asking things of them, from any process."""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import InputError, InUseError
from core.jobs import goes_on, keys, run_folder, spent
from core.jobs.registry import kind_of
from core.specs import Spec
from core.specs.data import QUESTIONS
from core.workspace import durable
from core.workspace.records import Artifact, Run
from core.workspace.workspace import Workspace, check_name


def submit(
    workspace: Workspace,
    spec: Spec,
    name: str,
    warnings: Sequence[str] = (),
    brings: Mapping[str, str] | None = None,
) -> Run:
    """Queues a run of `spec` whose artifact will be called `name`.

    Args:
        workspace: Where it will run.
        spec: What it does.
        name: How its artifact will be called.
        warnings: What its log says first, such as that the person insisted on it.
        brings: Files of its folder that are there before it begins, by name: what a preview was answered.

    Raises:
        InputError: An input is missing, the name is taken, by an artifact or by a waiting run, or the job
            cannot work.
    """
    name = require_sound(workspace, spec, name)

    def prepare(run_id: str) -> None:
        folder = workspace.run_folder(run_id)
        durable.remove_folder(folder)  # of a number that was given before a crash, and never counted
        for file, text in (brings or {}).items():
            folder.mkdir(parents=True, exist_ok=True)
            durable.write_text(folder / file, text)
        run_folder.warn(folder, warnings)

    return workspace.store.add_run(spec.kind, name, spec.model_dump(mode="json"), spec.inputs(), prepare)


def require_sound(workspace: Workspace, spec: Spec, name: str) -> str:
    """What is wrong with a request is said before it waits for anything. Returns the name as it is stored.

    Raises:
        InputError: As `submit` says.
    """
    kind = kind_of(spec.kind)
    name = workspace.require_free_name(name, kind.makes) if kind.makes else check_name(name)
    for run in workspace.store.open_runs():
        if run.name == name and kind_of(run.kind).makes == kind.makes:
            raise InputError(
                f"The name {name!r} is already taken by {run.id}, which waits or works.",
                fix="Choose another name, or wait for that run.",
                code="name.taken",
            )
    for artifact_id in spec.inputs():
        if workspace.store.find_artifact(artifact_id) is None:
            raise InputError(
                f"There is no artifact {artifact_id!r}.",
                fix="Choose inputs that exist.",
                code="input.unknown",
            )
    require_suitable(workspace, spec)
    if kind.refuses:
        module, _, function = kind.refuses.partition(":")
        getattr(importlib.import_module(module), function)(workspace, spec)
    return name


def require_suitable(workspace: Workspace, spec: Spec) -> None:
    """Refuses models that this kind of job cannot use, before anything begins.

    Raises:
        InputError: An input is an endpoint or an exported model, and the job needs the weights; or questions
            without answers, and it needs those.
    """
    for ref in spec.inputs():
        artifact = workspace.store.find_artifact(ref)
        if artifact is None:
            continue
        if ref not in spec.may_be_remote():
            require_local(artifact)
        if ref in spec.needs_weights():
            require_weights(workspace, artifact, spec.title)
        if ref not in spec.may_lack_answers():
            require_answers(artifact)


def require_answers(artifact: Artifact) -> None:
    """Refuses data that is questions without answers.

    Raises:
        InputError: It is.
    """
    if artifact.type == "dataset" and artifact.meta.get("task") == QUESTIONS:
        raise InputError(
            f"{artifact.name} cannot be used for this: its questions have no answers.",
            why="Without answers there is nothing to learn, and nothing to measure by.",
            fix="Have a teacher write them (`slm-workbench generate --teacher MODEL --data "
            f"{shlex.quote(artifact.name)}`, or the page Generate), and use the data that it makes.",
            code="data.unanswered",
        )


def require_local(artifact: Artifact) -> None:
    """Refuses a model at an endpoint.

    Raises:
        InputError: It is one.
    """
    if artifact.meta.get("format") == "endpoint":
        raise InputError(
            f"{artifact.name} cannot be used for this: it is an endpoint.",
            why="The model itself is on another computer; here is only its address.",
            fix="Choose a model of your own. An endpoint can be the teacher of `slm-workbench generate`.",
            code="model.endpoint",
        )


def require_weights(workspace: Workspace, artifact: Artifact, title: str) -> None:
    """Refuses an exported model where weights are needed, and names the one it was made from.

    Args:
        workspace: Where both are.
        artifact: The model.
        title: The kind of job, as a person knows it.

    Raises:
        InputError: It is an exported model.
    """
    if artifact.meta.get("format") != "onnx":
        return
    made = workspace.store.maker(artifact)
    source = workspace.store.find_artifact(str(made.spec.get("model"))) if made is not None else None
    raise InputError(
        f"{title} cannot use {artifact.name}.",
        why="It is an exported, quantized model; its weights can no longer be changed.",
        fix=f"Choose {source.name}, which it was made from."
        if source is not None
        else "Choose the model that it was made from.",
        code="model.exported",
    )


def resume(workspace: Workspace, ref: str) -> Run:
    """Puts an ended run back into the queue under its own id.

    Raises:
        InputError: It is waiting, running, or already succeeded.
    """
    run = require_resumable(workspace, ref)
    if run.state == "queued":
        return run
    workspace.store.requeue(run.id)
    return workspace.store.run(run.id)


def require_resumable(workspace: Workspace, ref: str) -> Run:
    """A run that has ended before it succeeded, or that waits already.

    Raises:
        InputError: There is none, or it is running, or has succeeded.
    """
    run = workspace.store.run(ref)
    if run.state != "queued" and not run.can_resume:
        reason = "It is running now." if run.is_active else "It has already succeeded."
        raise InputError(
            f"The run {run.id} cannot be resumed.",
            why=reason,
            code="run.not_resumable",
            fix="Start a new run." if not run.is_active else "Wait for it, or stop it first.",
        )
    return run


def ask(workspace: Workspace, ref: str, verb: str) -> Run:
    """Stops or cancels a run, whoever executes it.

    A waiting run is taken out of the queue at once; for a running one the request is left for its owner.

    Args:
        workspace: Where the run lives.
        ref: Id or name of a run.
        verb: `stop` or `cancel`.

    Raises:
        InputError: The run is over.
    """
    recover(workspace)
    run = workspace.store.run(ref)
    if run.state == "queued":
        workspace.store.set_state(run.id, "cancelled")
    elif run.is_active:
        workspace.store.add_request(run.id, verb)
    else:
        raise InputError(
            f"The run {run.id} is not running.",
            why=f"Its state is {run.state}.",
            fix="`slm-workbench runs list` shows what is running.",
            code="run.not_active",
        )
    return workspace.store.run(run.id)


def require_ended(workspace: Workspace, ref: str) -> Run:
    """A run that may be removed.

    Raises:
        InputError: It is running.
    """
    recover(workspace)
    run = workspace.store.run(ref)
    if run.is_active:
        raise InputError(f"The run {run.id} is running.", fix="Stop or cancel it first.", code="run.active")
    return run


def remove_run(workspace: Workspace, ref: str) -> Run:
    """Forgets a run, deletes its folder and the report that it wrote; models and data it made stay.

    Raises:
        InputError: It is running.
    """
    run = require_ended(workspace, ref)
    for report in workspace.store.artifacts("report", run.id):
        workspace.remove_artifact(report)
    workspace.store.remove_run(run.id)
    durable.remove_folder(workspace.run_folder(run.id))
    return run


def require_unneeded(workspace: Workspace, ref: str, type: str) -> Artifact:
    """An artifact that nothing stands on.

    Raises:
        InputError: A model is built on it, or a waiting or running job reads it.
    """
    artifact = workspace.artifact(ref, type)
    recover(workspace)  # a run whose process is gone reads nothing any more
    for other in workspace.store.artifacts("model"):
        if other.meta.get("base") == artifact.id:
            raise InputError(
                f"{artifact.name} cannot be removed.",
                why=f"The adapter {other.name} stands on it.",
                fix=f"Remove {other.name} first.",
                code="artifact.needed",
            )
    for run in workspace.store.readers(artifact.id):
        if run.is_open:
            raise InputError(
                f"{artifact.name} cannot be removed.",
                why=f"The run {run.id} reads it.",
                fix=f"Wait for that run, or stop it with `slm-workbench runs stop {run.id}`.",
                code="artifact.needed",
            )
    return artifact


def remove_artifact(workspace: Workspace, ref: str, type: str) -> dict[str, Any]:
    """Deletes an artifact that nothing stands on. A key goes with the last endpoint at its address.

    Raises:
        InputError: A model is built on it, or a waiting or running job reads it.
    """
    artifact = require_unneeded(workspace, ref, type)
    workspace.remove_artifact(artifact)
    account = keys.account_of(artifact)
    if account is not None and account not in map(keys.account_of, workspace.store.artifacts("model")):
        keys.forget(account)
    return {"removed": artifact.name, "id": artifact.id, "bytes": artifact.bytes}


def recover(workspace: Workspace) -> list[str]:
    """Marks runs as crashed whose process is gone; returns their ids. Someone executing makes it a no-op.

    Checkpoints that a kill has left of a succeeded run go as well.
    """
    if not any(run.is_active or spent.is_left(workspace, run) for run in workspace.store.runs()):
        return []
    try:
        with workspace.execution_lock():
            return mark_crashed(workspace)
    except InUseError:
        return []


def mark_crashed(workspace: Workspace) -> list[str]:
    """Like `recover`, for a caller that holds the execution lock and runs nothing yet."""
    for run in workspace.store.runs():
        spent.clear(workspace, run)
    return workspace.store.mark_crashed(
        lambda run: _crashed(workspace, run),
        lambda run_id: run_folder.last_sign(workspace.run_folder(run_id)),
    )


def _crashed(workspace: Workspace, run: Run) -> dict[str, str]:
    """What is said of a run whose process is gone, and of what a resume of it finds."""
    return {
        "kind": "job",
        "code": "job.crashed",
        "what": "The program ended while this job ran.",
        "why": "It was closed, killed, or the computer went down.",
        "fix": f"Resume it: it {goes_on.find(workspace, run).clause}.",
        "details": "",
    }
