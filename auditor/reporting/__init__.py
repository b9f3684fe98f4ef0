"""What an audit leaves behind: the HTML report, tables, provenance and seal."""
