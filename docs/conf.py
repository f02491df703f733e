"""How Sphinx builds the documentation: ``sphinx-build -W docs docs/_build``."""

import shutil
from pathlib import Path

import essence_ad

here = Path(__file__).parent
shutil.rmtree(here / "notebooks", ignore_errors=True)
for files in ("*.ipynb", "solutions/*.md"):
    for source in (here.parent / "notebooks").glob(files):  # Sphinx reads only what stands below this folder
        target = here / "notebooks" / source.relative_to(here.parent / "notebooks")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)

project = "essence_ad"
author = "the essence_ad authors"
version = release = essence_ad.__version__
extensions = ["sphinx.ext.autodoc", "myst_nb"]
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "pydata_sphinx_theme"
html_title = "essence_ad"
nb_execution_mode = "off"  # outputs are stored in the notebooks, and notebooks/run.py checks them
autodoc_member_order = "bysource"
autodoc_typehints = "description"
