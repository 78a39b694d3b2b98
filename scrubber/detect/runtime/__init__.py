"""The only modules that import torch or onnxruntime."""

import os

# onnxruntime's own builds (1.32) report to their maker what runs where, and write down an identity of the machine,
# unless this stands in the environment before they are imported: by us, or by a library that we import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
