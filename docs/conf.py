"""How Sphinx builds the documentation: ``sphinx-build -W docs docs/_build``."""

import shutil
import sys
from pathlib import Path
from typing import Any

from docutils.nodes import SkipNode
from math_core import LatexToMathML
from sphinx.application import Sphinx

import essence_ad

here = Path(__file__).parent
sys.path.insert(0, str(here / "extensions"))
shutil.rmtree(here / "notebooks", ignore_errors=True)
for files in ("*.ipynb", "solutions/*.md"):
    for source in (here.parent / "notebooks").glob(files):  # Sphinx reads only what stands below this folder
        target = here / "notebooks" / source.relative_to(here.parent / "notebooks")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)

project = "essence_ad"
author = "the essence_ad authors"
version = release = essence_ad.__version__
extensions = ["sphinx.ext.autodoc", "myst_nb", "sphinx_copybutton", "catalogue"]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
html_math_renderer = "mathml"
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "pydata_sphinx_theme"
html_title = "essence_ad"
html_theme_options = {
    "secondary_sidebar_items": {  # room for code and for wide tables
        "*": ["page-toc", "sourcelink"],
        "notebooks/**": [],
        "performance": [],
        "edge_points": [],
    },
    "header_links_before_dropdown": 6,
    "navbar_persistent": ["search-button"],
}
ALONE = ("index", "tutorial", "quickstart", "notebooks", "howto/index", "explanation", "reference", "performance")
html_sidebars = {page: [] for page in ALONE}
html_static_path = ["_static"]
html_css_files = ["site.css"]
nb_execution_mode = "off"  # outputs are stored in the notebooks, and notebooks/run.py checks them
copybutton_prompt_text = r">>> |\.\.\. ?"  # what is copied can be pasted: no prompts, no outputs
copybutton_prompt_is_regexp = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"


def mathematics(writer: Any, node: Any, *, display: bool) -> None:
    """LaTeX as MathML, which browsers show without a script: the pages need no network."""
    text = LatexToMathML().convert_with_local_state(node.astext(), displaystyle=display)
    writer.body.append(f'<div style="margin: 0 0 1.15rem">{text}</div>' if display else text)
    raise SkipNode


def setup(app: Sphinx) -> None:
    """Registers the renderer of mathematics."""
    renderers = [(lambda writer, node, d=d: mathematics(writer, node, display=d), None) for d in (False, True)]
    app.add_html_math_renderer("mathml", inline_renderers=renderers[0], block_renderers=renderers[1])
