"""The command that makes a net or a model again, as cards name it."""

from __future__ import annotations


def command(application: str, name: str, builtin: bool) -> str:
    """Markdown: ``bittrue train APPLICATION`` by the built-in recipe ``name``, or by the recipe beside the card.

    The folder is that of a built-in recipe, or the card's own, so that a card is the same wherever it is written.
    """
    if builtin:
        return f"`bittrue train {application} --recipe {name} --output weights/{name}`"
    return f"`bittrue train {application} --recipe recipe.toml --output .` in the folder of this card"
