"""The weekly compliance report: typed contents from the published warehouse, one page template, HTML and PDF."""
