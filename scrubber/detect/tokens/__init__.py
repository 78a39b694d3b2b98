"""The engine for token classifiers: sub-tokens -> windows -> one tag for each -> spans."""
