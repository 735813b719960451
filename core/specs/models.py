"""Specs of the jobs that take models in and talk to them."""

from __future__ import annotations

from typing import ClassVar

from core.specs.base import THREADS_HELP, Option, Spec


class AddModelSpec(Spec):
    """Takes a model into the library after checking that it is safe and whole."""

    kind: ClassVar[str] = "add_model"
    title: ClassVar[str] = "Add model"

    source: str = Option(label="Source", help="`starter`, a transformers folder, or a GGUF file.")
    name: str = Option(label="Name", help="How you will call this model.")


class AddEndpointSpec(Spec):
    """Takes note of a model on another computer that speaks the OpenAI protocol; nothing is sent to it."""

    kind: ClassVar[str] = "add_endpoint"
    title: ClassVar[str] = "Add endpoint"

    url: str = Option(
        label="Address", help="Such as https://api.example.com/v1; plain http only on this computer."
    )
    name: str = Option(label="Name", help="How you will call it.")
    model: str = Option("", label="Model", help="Which of its models answers; empty takes its own choice.")
    price_in: float | None = Option(
        None,
        label="Price of prompts",
        help="What a million tokens of prompts cost, in your currency.",
        ge=0.0,
    )
    price_out: float | None = Option(
        None,
        label="Price of answers",
        help="What a million tokens of answers cost, in your currency.",
        ge=0.0,
    )


class ChatSpec(Spec):
    """A conversation with a model; it lives as long as its window or terminal."""

    kind: ClassVar[str] = "chat"
    title: ClassVar[str] = "Chat"

    model: str = Option(label="Model", help="The model that answers.")
    adapter: str = Option(
        "",
        label="Adapter",
        help="Name of one of the adapters that the model serves; empty lets its base answer.",
    )
    max_new_tokens: int = Option(
        256, label="Longest answer", help="An answer is cut here.", unit="tokens", ge=1, le=32768
    )
    temperature: float = Option(
        0.0, label="Temperature", help="0 always gives the likeliest answer; higher varies.", ge=0.0, le=2.0
    )
    instruction: str = Option(
        "",
        label="Instruction",
        help="Line put before every message, as the data had it that the model learnt from.",
        advanced=True,
    )
    threads: int | None = Option(None, label="Threads", help=THREADS_HELP, advanced=True, ge=1, le=1024)

    def inputs(self) -> tuple[str, ...]:
        """The model."""
        return (self.model,)
