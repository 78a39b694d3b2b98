"""Data and training of the embedded model. Not part of the installed package."""
