"""Exchange with QONNX: nets as graphs of ONNX and Quant nodes, and such graphs as nets."""
