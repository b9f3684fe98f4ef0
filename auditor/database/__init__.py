"""The lists of one audit in DuckDB, shut off from files and network: the one room that writes SQL (rules bring theirs).

`header` (one row a list), `source` and `backup` (the rows; `backup.backup` is the label), `due` (the source's rows that
must be backed up), `pairs` (one row a due file and backup), `files` (every row of the source with its best status);
what the rules find goes into `findings`. rules/README.md explains every column.

Each station of an audit has its questions in a module here. What they give is typed; a table is filled by one of them.
"""
