"""The GLiNER engine: words -> prompt -> batches -> model -> decode."""
