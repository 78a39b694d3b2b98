"""scrubber: keeps personal data out of log pipelines."""
