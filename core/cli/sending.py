"""Says what would be sent to whom and what it would cost, and asks, before anything leaves this computer."""

from __future__ import annotations

from core.cli import asking
from core.cli.consent import require_yes
from core.cli.console import Output
from core.counts import counted
from core.jobs import keys
from core.models import endpoints
from core.models.endpoints import Endpoint
from core.offers import Offer, offer
from core.specs import EvaluateSpec, GenerateSpec, Spec
from core.workspace.records import Artifact
from core.workspace.workspace import Workspace


def agree_to_send(
    workspace: Workspace, spec: Spec, *, yes: bool, output: Output, found: Offer | None = None
) -> Offer | None:
    """Goes on only after a yes to exactly this host, these rows and about this cost.

    Asks nothing, and gives nothing, where the job sends nothing. `found` is the offer, where it is known.

    Raises:
        InputError: Nobody agreed; nothing was sent.
    """
    found = found or offer(workspace, spec)
    if found is None or found.endpoint is None:
        return found
    text = question(found, found.endpoint, spec)
    if yes:
        output.progress(text)
    require_yes(text, yes=yes, output=output)
    _ask_for_key(found.teacher, found.endpoint, output)
    return found


def ask_for_key(workspace: Workspace, spec: Spec, output: Output) -> None:
    """Asks for the key of an endpoint that a job goes on with; what is sent was agreed to when it began."""
    asked = spec.teacher if isinstance(spec, GenerateSpec) else ""
    if isinstance(spec, EvaluateSpec):
        asked = spec.judge or ""
    teacher = workspace.store.find_artifact(asked, "model") if asked else None
    if teacher is not None and keys.account_of(teacher) is not None:
        _ask_for_key(teacher, endpoints.read(workspace.verified_folder(teacher)), output)


def _ask_for_key(teacher: Artifact, endpoint: Endpoint, output: Output) -> None:
    if keys.find(teacher) is None and not asking.ask_for_key(teacher, output):
        output.progress(f"No key is sent to {endpoint.host}. {asking.ways(teacher)}")


def question(found: Offer, endpoint: Endpoint, spec: Spec) -> str:
    """What would happen, a fact a line."""
    said = found.estimate
    budget = spec.budget if isinstance(spec, GenerateSpec) else None
    beside = " with the models' answers" if isinstance(spec, EvaluateSpec) else ""
    rows = counted(said.prompts)
    lines = [
        f"{rows} of {found.data}{beside} would be sent to {endpoint.host}"
        + (f" (model {endpoint.model})" if endpoint.model else "")
        + f", in {counted(said.calls, 'request')}:",
        f"  tokens         about {said.tokens_in:,} sent and {said.tokens_out:,} received, "
        f"at most {said.most_out:,} received",
        f"  cost           {cost_text(found)}"
        + (f"; it ends before it passes your budget of {budget:g}" if budget else ""),
        f"  personal data  {personal_text(said.personal)}",
    ]
    return "\n".join(lines)


def cost_text(found: Offer) -> str:
    """The cost in words."""
    endpoint = found.endpoint
    if endpoint is None or not endpoint.has_prices:
        return "not known, since the endpoint was added without prices"
    return f"about {money(found.cost)} by its prices, at most about {money(found.most)}"


def personal_text(rows: int) -> str:
    """How many rows hold personal data, in words."""
    if not rows:
        return (
            "no row holds what looks like a mail, phone, card, IBAN or IP address; names are not looked for"
        )
    return (
        f"{rows:,} {'row holds' if rows == 1 else 'rows hold'} what looks like personal data; "
        "`slm-workbench data fix D --personal mask` makes a version without it"
    )


def money(amount: float) -> str:
    """An amount in whatever currency the prices are in: cents where they matter, more digits below."""
    return f"{amount:,.2f}" if amount >= 1 or amount == 0 else f"{amount:.2g}"
