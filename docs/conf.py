"""How Sphinx builds the documentation: ``sphinx-build -W docs docs/_build``."""

import shutil
from pathlib import Path

import essence_ad

here = Path(__file__).parent
for source in (here.parent / "notebooks").glob("*.ipynb"):  # Sphinx reads only what stands below this folder
    (here / "notebooks").mkdir(exist_ok=True)
    shutil.copy(source, here / "notebooks" / source.name)

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
