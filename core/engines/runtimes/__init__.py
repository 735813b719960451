"""Two ways to run a model, behind one protocol: torch for what is trained, ONNX GenAI for what ships."""
