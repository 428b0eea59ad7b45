"""`make bench`: what operations cost beside what people would use instead, and how far each goal is.

`questions.py` lists the questions, each a file with `measure()` and `tabulate()` in the folder of its subject.
`report/` has the figures, their goals, the tables and the summary; `setting/` has the deployments and servers that
the questions measure on.
"""
