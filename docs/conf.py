"""How Sphinx builds the site: ``nox -s docs``. It needs nothing but packages of PyPI."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import ec2lite

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
FROM_ROOT = ("changelog", "contributing", "security")
SOURCE = "https://github.com/ec2lite/ec2lite/blob/main"

project = "ec2lite"
author = "The ec2lite authors"
copyright = "The ec2lite authors"  # noqa: A001 - Sphinx's name
release = version = ec2lite.__version__
html_title = f"ec2lite {release}"
html_baseurl = "https://ec2lite.readthedocs.io/en/latest/"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_build", "examples/**", "vectors/javascript/**"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

html_theme = "furo"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "source_repository": "https://github.com/ec2lite/ec2lite/",
    "source_branch": "main",
    "source_directory": "docs/",
}
# What is copied from a session of Python or a shell is what was typed, not what was printed.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True

linkcheck_anchors = False  # AWS's pages make theirs by JavaScript
linkcheck_ignore = [rf"{re.escape('https://github.com/ec2lite/')}.*"]

_FROM_ROOT = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")


def point_outward(app: Sphinx, name: str, text: list[str]) -> None:
    """Let links that leave docs/ lead to the repository, where readers of the site find it.

    A page that is one of the repository's own files is read here, with its links as seen from docs/.
    """
    if name in FROM_ROOT:
        whole = (HERE.parent / f"{name.upper()}.md").read_text("utf-8")
        text[0] = _FROM_ROOT.sub(r"](../\1)", whole).replace("](../docs/", "](")
    up = re.escape("../" * (name.count("/") + 1))
    outward = re.compile(rf"\]\({up}([^)\s]+)\)")
    text[0] = outward.sub(rf"]({SOURCE}/\1)", text[0])


def write_llms(app: Sphinx, failed: Exception | None) -> None:
    """Write llms.txt: what there is to read, for programs that read. https://llmstxt.org/."""
    if failed or app.builder.name != "html":
        return
    lines = ["# ec2lite", "", f"> {ec2lite.__doc__.splitlines()[0]}", "", "## Pages", ""]
    relations = app.env.collect_relations()
    name: str | None = app.config.root_doc
    while name is not None:
        title = app.env.titles[name].astext()
        suffix = Path(app.env.doc2path(name)).suffix
        lines.append(f"- [{title}]({html_baseurl}_sources/{name}{suffix}.txt)")
        name = relations.get(name, [None, None, None])[2]
    (Path(app.outdir) / "llms.txt").write_text("\n".join([*lines, ""]), "utf-8")


def setup(app: Sphinx) -> None:
    """Take part in the build."""
    app.connect("source-read", point_outward)
    app.connect("build-finished", write_llms)
