"""Which model families work from end to end: training, the ONNX builder, and the runtime."""

from __future__ import annotations

#: transformers' class name → the name people know. Each was built in every recipe from a small random model
#: and had a green receipt, but for Phi 3 in int4-mixed, which its receipt turns red. Left out, with
#: genai 0.18 and transformers 5.23: Gemma 3 does not build (`rope_type`), Gemma 2 needs a cache as long as
#: its window, Nemotron builds and does not run.
SUPPORTED = {
    "LlamaForCausalLM": "Llama, SmolLM2",
    "SmolLM3ForCausalLM": "SmolLM3",
    "Qwen2ForCausalLM": "Qwen 2 and 2.5",
    "Qwen3ForCausalLM": "Qwen 3",
    "MistralForCausalLM": "Mistral",
    "GemmaForCausalLM": "Gemma",
    "Phi3ForCausalLM": "Phi 3 and 4 mini",
    "GraniteForCausalLM": "Granite",
    "OlmoForCausalLM": "OLMo",
    "Ernie4_5ForCausalLM": "Ernie 4.5",
}

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
