"""Which model families work from end to end: training, the ONNX builder, and the runtime."""

from __future__ import annotations

#: transformers' class name → the name people know. Text models that both transformers and the ONNX Runtime
#: GenAI 0.18 builder know without custom code.
SUPPORTED = {
    "LlamaForCausalLM": "Llama, SmolLM2",
    "SmolLM3ForCausalLM": "SmolLM3",
    "Qwen2ForCausalLM": "Qwen 2 and 2.5",
    "Qwen3ForCausalLM": "Qwen 3",
    "MistralForCausalLM": "Mistral",
    "GemmaForCausalLM": "Gemma",
    "Gemma2ForCausalLM": "Gemma 2",
    "Gemma3ForCausalLM": "Gemma 3",
    "Phi3ForCausalLM": "Phi 3 and 4 mini",
    "GraniteForCausalLM": "Granite",
    "OlmoForCausalLM": "OLMo",
    "NemotronForCausalLM": "Nemotron",
    "Ernie4_5ForCausalLM": "Ernie 4.5",
}

#: GGUF's `general.architecture` → transformers' class name, as far as transformers can read it.
GGUF = {
    "llama": "LlamaForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "mistral": "MistralForCausalLM",
    "phi3": "Phi3ForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "gemma3": "Gemma3ForCausalLM",
    "nemotron": "NemotronForCausalLM",
}


def names() -> str:
    """The families as a person reads them."""
    return ", ".join(SUPPORTED.values())
