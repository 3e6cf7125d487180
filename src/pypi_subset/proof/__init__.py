"""
The proof: green means it will install there, red names the missing file.

``prove(case)`` is a plain function over a small value; ``verify/`` is a thin pytest suite around it. The verdict shares
no code with the resolver or the index: it comes from pip, which installs for real, from a walk of our own over what lies
there, and from marker values that real machines reported.
"""

from __future__ import annotations

from pypi_subset.proof.case import Case, cases_of
from pypi_subset.proof.prove import prove
from pypi_subset.proof.report import carry_over
from pypi_subset.proof.suite import run_suite, seal

__all__ = ["Case", "carry_over", "cases_of", "prove", "run_suite", "seal"]
