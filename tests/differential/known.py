"""Where Tenfold answers otherwise than PocketBase on purpose, and why.

`pair.same(ask, known=key)` then demands that the answers differ.
"""

KNOWN: dict[str, str] = {
    "null settings": "PocketBase answers 500 where null is sent as the settings; in Tenfold null"
    " changes nothing, as with other bodies.",
    "key words": "What is wrong inside of a key is told in the words of the library that reads it.",
    "page-overflow": "PocketBase multiplies page and perPage in 64 bits, so that a huge page is the"
    " first one again; in Tenfold it is empty.",
    "trailing": "PocketBase reads the first JSON value of a body and overlooks what follows;"
    " Tenfold refuses a body that is not JSON as a whole.",
    "token of 1970": "PocketBase takes a token whose `exp` is 0 for one that never ends; for"
    " Tenfold it ended in 1970. Only who holds the keys can make such a token.",
    "file ranges": "Tenfold answers several ranges with the whole file, as RFC 9110 allows, and"
    " refuses a range of no bytes, which it demands.",
    "view query": "Tenfold reads comments, quotes and semicolons in a view's query as SQL does;"
    " PocketBase trips over them.",
    "own tables": "Views can't read Tenfold's own tables nor SQLite's: they hold secrets.",
    "renamed source": "PocketBase renames a table or column under a view, whose query is wrong from"
    " then on, so that no view can be changed any more; Tenfold refuses.",
    "import order": "In Tenfold an imported view may come before what it reads.",
}
