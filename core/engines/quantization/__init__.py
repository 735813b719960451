"""From a transformers folder to an ONNX Runtime GenAI folder."""
