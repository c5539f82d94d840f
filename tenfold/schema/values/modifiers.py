"""The marks on a key of the body that change a value in place of replacing it."""

PREPEND, APPEND, REMOVE, AUTOGENERATE = "+:", ":+", ":-", ":autogenerate"
