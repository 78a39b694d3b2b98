"""The only modules that import torch or onnxruntime."""
