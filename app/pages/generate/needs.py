"""The run preview of the generate page, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.formats import count_text, duration_text, money_text
from app.pages.generate.view_model import Blocker, GenerateViewModel
from app.pages.run_preview import RunNeeds


def needs_of(model: GenerateViewModel) -> RunNeeds:
    """What the run would need if it started now."""
    blocked, offer = blocked_text(model.blocker), model.trial.offer
    if offer is None:
        note = QCoreApplication.translate(
            "GeneratePage", "Choose a teacher and data, and you see here what asking would take."
        )
        if model.teacher is not None and model.data is not None:
            note = ""
        return RunNeeds(note=note, blocked=blocked, command=model.command())
    said, tried = offer.estimate, model.trial.trial
    about = QCoreApplication.translate("GeneratePage", "about {figure}")
    measured = tried if tried is not None and model.trial.is_current and tried.asked else None
    times = said.prompts / measured.asked if measured is not None else 0.0
    tokens = measured.tokens * times if measured is not None else said.tokens_in + said.tokens_out
    facts = [
        (QCoreApplication.translate("GeneratePage", "Rows asked"), count_text(said.prompts)),
        (QCoreApplication.translate("GeneratePage", "Requests"), count_text(said.calls)),
        (
            QCoreApplication.translate("GeneratePage", "Tokens"),
            about.format(figure=count_text(round(tokens))),
        ),
    ]
    cost = QCoreApplication.translate("GeneratePage", "nothing: it runs here")
    if offer.endpoint is not None and offer.endpoint.has_prices:
        amount = measured.cost * times if measured is not None else offer.cost
        most = QCoreApplication.translate("GeneratePage", "about {figure}, at most {most}")
        cost = most.format(figure=money_text(amount), most=money_text(max(offer.most, amount)))
    elif offer.endpoint is not None:
        cost = QCoreApplication.translate("GeneratePage", "not known: no prices")
    facts.append((QCoreApplication.translate("GeneratePage", "Cost"), cost))
    if measured is not None:
        time = duration_text(measured.seconds * times)
        facts.append((QCoreApplication.translate("GeneratePage", "Time"), about.format(figure=time)))
    return RunNeeds(facts=facts, note=_note(model), blocked=blocked, command=model.command())


def _note(model: GenerateViewModel) -> str:
    offer = model.trial.offer
    trial = model.trial.trial
    if trial is not None and model.trial.is_current and trial.asked:
        where = QCoreApplication.translate("GeneratePage", "Worked out from the rows you see.")
    else:
        where = QCoreApplication.translate(
            "GeneratePage", "Estimated from your data. “Show five rows” measures it, and the time."
        )
    if offer is None or offer.endpoint is None:
        return where
    sent = QCoreApplication.translate("GeneratePage", "Nothing is sent to {host} before you agree.")
    return f"{where} {sent.format(host=offer.endpoint.host)}"


def blocked_text(blocker: Blocker) -> str:
    """What the start button says."""
    return {
        "": "",
        "teacher": QCoreApplication.translate("GeneratePage", "Choose a teacher first"),
        "data": QCoreApplication.translate("GeneratePage", "Choose data first"),
        "settings": QCoreApplication.translate("GeneratePage", "Correct the fields first"),
        "misfit": QCoreApplication.translate("GeneratePage", "Change what is asked first"),
        "looking": QCoreApplication.translate("GeneratePage", "Looking at the data …"),
        "trying": QCoreApplication.translate("GeneratePage", "Wait for the preview, or stop it"),
        "name": QCoreApplication.translate("GeneratePage", "Choose another name first"),
        "name_taken": QCoreApplication.translate("GeneratePage", "Choose a free name first"),
    }[blocker]
