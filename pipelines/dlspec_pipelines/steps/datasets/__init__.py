"""Rows from a source, their contract, and what is odd about them.

`reading.read` gives a `table.Table`, `contract.validate` holds it against `data.expect`,
`hygiene` looks for what nobody forbade. Import the modules: some need pandas, some only numpy.
"""
