"""How an extra of bittrue is installed here: as bittrue itself was, and never by a name that an index may give away."""

from __future__ import annotations

import json
from importlib import metadata

from bittrue.places import checkout


def install(extra: str) -> str:
    """What to do where a package of ``extra`` is missing, for the end of a sentence: the extra, and the command.

    The command is that of a checkout, or of the address that pip noted when bittrue was installed (PEP 610). Where pip
    noted none, the extra is named and the place is the user's to know.
    """
    what = f"install bittrue's extra {extra}"
    source = origin()
    if source is None:
        return f"{what} from where bittrue was installed"
    option, requirement = source
    return f"{what}: pip install {option}'{requirement.format(extra=f'[{extra}]')}'"


def origin() -> tuple[str, str] | None:
    """pip's option and the requirement that installed bittrue, with ``{extra}`` in its place; None where not known."""
    if root := checkout():
        return "-e ", f"{_plain(str(root))}{{extra}}"
    try:
        noted = json.loads(metadata.distribution("bittrue").read_text("direct_url.json") or "null")
    except (metadata.PackageNotFoundError, json.JSONDecodeError):
        return None
    if not isinstance(noted, dict) or not isinstance(noted.get("url"), str):
        return None
    vcs = noted.get("vcs_info")
    prefix = f"{vcs['vcs']}+" if isinstance(vcs, dict) and isinstance(vcs.get("vcs"), str) else ""
    return "", f"bittrue{{extra}} @ {prefix}{_plain(noted['url'])}"


def _plain(text: str) -> str:
    """A path or address for `str.format`."""
    return text.replace("{", "{{").replace("}", "}}")
