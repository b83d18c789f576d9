"""How does an organization become a YAML document, and a document an organization?

`reading` makes values of the text, `document` (in the words of `schema`) knows every key, `references` what must fit together,
`loading` brings the database to what the document says, `dumping` says it again, `writing` makes text of it.
"""
