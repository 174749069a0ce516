"""The command `schema`: the JSON Schema of the language."""

import click

from dlspec.language.catalogue.own_layers import listed_layers
from dlspec.language.catalogue.project import project_of
from dlspec.tools.json_schema.schema import schema_text


@click.command()
def schema() -> None:
    """Print the JSON Schema of the language, for editors.

    In a project that lists layers of its own, the schema knows them.
    """
    click.echo(schema_text(listed_layers(project_of("-"))), nl=False)
