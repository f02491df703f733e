"""A Sphinx extension: the directive ``primitives`` writes down the catalogue as it is when the site is built."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from families import families
from sphinx.util.docutils import SphinxDirective


class Primitives(SphinxDirective):
    """A list of all primitives."""

    def run(self) -> list[nodes.Node]:
        """A definition list: the families, and in each the names by the kind of their rule."""
        items = []
        for title, kinds in sorted(families().items()):
            text, _ = self.state.inline_text(title.replace("``", "`"), self.lineno)
            body = [
                nodes.paragraph("", "", nodes.emphasis("", kind), nodes.Text(": "), *spelled(names))
                for kind, names in sorted(kinds.items())
            ]
            items.append(nodes.definition_list_item("", nodes.term("", "", *text), nodes.definition("", *body)))
        return [nodes.definition_list("", *items)]


def spelled(names: list[str]) -> list[nodes.Node]:
    """Names as code, with spaces between."""
    return [node for name in names for node in (nodes.literal(name, name), nodes.Text(" "))]


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("primitives", Primitives)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
