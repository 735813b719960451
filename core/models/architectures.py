"""Which model families work from end to end: training, the ONNX builder, and the runtime."""

from __future__ import annotations

#: transformers' class name → the name people know. Each was built in every recipe from a small random model
#: and had a green receipt, with genai 0.18 and transformers 5.23.
SUPPORTED = {
    "LlamaForCausalLM": "Llama, SmolLM2",
    "SmolLM3ForCausalLM": "SmolLM3",
    "Qwen2ForCausalLM": "Qwen 2 and 2.5",
    "Qwen3ForCausalLM": "Qwen 3",
    "MistralForCausalLM": "Mistral",
    "GemmaForCausalLM": "Gemma",
    "Gemma3ForCausalLM": "Gemma 3 (text)",
    "Phi3ForCausalLM": "Phi 3 and 4 mini",
    "GraniteForCausalLM": "Granite",
    "OlmoForCausalLM": "OLMo",
    "Ernie4_5ForCausalLM": "Ernie 4.5",
}

#: What people bring all the same, and why it does not go: the beginning of the class name → the reason.
_REFUSED = {
    "Mamba": "a state-space model, and the runtime knows only models with attention",
    "FalconMamba": "a state-space model, and the runtime knows only models with attention",
    "Rwkv": "a recurrent model, and the runtime knows only models with attention",
    "Jamba": "partly a state-space model, and the runtime knows only models with attention",
    "Nemotron": "a family that builds and does not run in ONNX Runtime GenAI 0.18",
    "T5": "a model of two halves that reads and then writes; only chat models that write on go",
    "Bert": "a model that reads and does not write",
    "Mixtral": "a mixture of experts, which the runtime's builder does not know",
}
_PICTURES = "a model that also reads pictures or sound; its text-only version may go"
_UNKNOWN = "a family that the builder of ONNX Runtime GenAI 0.18 does not know, or that was never tried here"
#: Ways to turn positions that the builder knows, beside the plain one: class name → rope types.
_ROTATIONS = {
    "LlamaForCausalLM": {"llama3", "linear", "yarn"},
    "Phi3ForCausalLM": {"longrope"},
}
_PLAIN_ROTATIONS = {"default", "linear", "yarn"}

#: GGUF's `general.architecture` → transformers' class name, as far as transformers can read it.
GGUF = {
    "llama": "LlamaForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "mistral": "MistralForCausalLM",
    "phi3": "Phi3ForCausalLM",
}


def names() -> str:
    """The families as a person reads them."""
    return ", ".join(SUPPORTED.values())


def obstacle(architecture: object) -> str:
    """Why a family cannot be used, as the end of `It is …`; empty when it can."""
    if architecture in SUPPORTED:
        return ""
    name = str(architecture)
    if name.endswith("ForConditionalGeneration"):
        return _PICTURES
    longest_first = sorted(_REFUSED, key=len, reverse=True)
    return next((_REFUSED[begin] for begin in longest_first if name.startswith(begin)), _UNKNOWN)


def rotation_obstacle(architecture: str, config: dict[str, object]) -> str:
    """A way of turning positions that the builder does not know for this family; empty when there is none."""
    said = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kinds = [said, *said.values()] if isinstance(said, dict) else []
    known = _PLAIN_ROTATIONS | _ROTATIONS.get(architecture, set())
    for kind in kinds:
        if isinstance(kind, dict):
            name = str(kind.get("rope_type") or kind.get("type") or "default")
            if name not in known:
                return name
    return ""
