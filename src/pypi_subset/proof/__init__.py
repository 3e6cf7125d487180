"""
The proof: green means it will install there, red names the missing file.

``prove(case)`` is a plain function over a small value; ``verify/`` is a thin pytest suite around it. The verdict shares
no code with the resolver or the index: it comes from pip, which installs for real, from a walk of our own over what is
there, and from marker values that real machines reported.
"""
