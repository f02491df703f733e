"""A program becomes a picture: boxes on wires in SVG, and text for Graphviz and Mermaid. No derivative depends on it."""
