"""Options that several commands share."""

import click

storage_option = click.option(
    "--storage",
    "storage_url",
    metavar="URL",
    help="The database; default: SMART_TUNER_STORAGE__URL, else sqlite:///smart_tuner.db.",
)
name_option = click.option(
    "--name",
    metavar="NAME",
    help="The study; default: the only one, else the one that was updated last.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
