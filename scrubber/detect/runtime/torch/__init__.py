"""What runs on torch, on a CPU or a CUDA device. Imported only when a model is loaded."""
