"""The sample skill with five more libraries in its snapshot, as real skills have.

What counts is that they are imported: the build runs the imports and keeps the interpreter's memory.
"""

# ruff: noqa: F401
import bs4
import docutils.core
import docutils.parsers.rst
import docutils.writers.html5_polyglot
import faker
import lark
import rdflib

# The name under which the build looks for the skill.
from sample_py import SkillHandler
