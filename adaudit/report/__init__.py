"""Tell an audit: a page for people, files for tools and spreadsheets."""
