"""The pages of the repository as a site; a link that leads nowhere fails the build.

From the top: `sphinx-build -W -b html -c .ci/docs . build/site`
"""

project = "Auditor"
extensions = ["myst_parser"]
root_doc = "README"
source_suffix = {".md": "markdown"}
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/guides/*.md",
    "docs/decisions/*.md",
    "rules/README.md",
    "benchmarks/*/*.md",
]
myst_heading_anchors = 4
suppress_warnings = ["toc.not_included", "misc.highlighting_failure"]  # rules hold $names, which are no plain SQL
