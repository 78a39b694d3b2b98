"""YAML whose keys are unique, as YAML says they are: of two, PyYAML takes the last one and says nothing."""

from __future__ import annotations

from typing import Any

import yaml


class UniqueKeys(yaml.constructor.SafeConstructor):
    """To be put before a safe loader: refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Return the mapping, or raise `yaml.constructor.ConstructorError`."""
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                continue
            if (key := key_node.value) in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)
