"""Engine of the organization file: reads, checks, loads, dumps and writes the sections that it is given.

`reading` makes values of YAML text and `writing` text of values. `schema` describes values, `sections` a section, `rows` the
rows of a table. `checking`, `loading` and `dumping` work on a whole document. The sections themselves are the nouns'
`organization_file.py`. A section without rows of its own would be kept as JSON (`stored_section`).
"""
