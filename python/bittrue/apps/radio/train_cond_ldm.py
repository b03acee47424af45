"""``accelerate launch -m bittrue.apps.radio.train_cond_ldm --cfg FILE``: as the published script is called.

A file without ``model.first_stage`` trains the first stage, one with it the diffusion model; `bittrue train radio` does
the same with the same words.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bittrue.apps.radio.published import command
from bittrue.errors import BadInput
from bittrue.kit.application import Remark, Result


def main(words: Sequence[str] | None = None) -> int:
    """Train; the exit status: 0, or 2 behind one sentence on standard error."""
    parser = argparse.ArgumentParser("train_cond_ldm", description="train a published model of radio maps")
    for option in command.OPTIONS:
        parser.add_argument(*option.flags, help=option.help, **option.settings)
    parser.add_argument("-o", "--output", metavar="DIR", help="another results_folder")
    arguments = parser.parse_args(words)
    try:
        if not (arguments.cfg or arguments.preset):
            raise BadInput("--cfg is missing; name a yaml file, or first_radio, radio_train_m")
        for said in command.run(arguments):
            if isinstance(said, str):
                print(said, file=sys.stderr if isinstance(said, Remark) else sys.stdout, flush=True)
            else:
                assert isinstance(said, Result)
    except BadInput as error:
        print(f"train_cond_ldm: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"train_cond_ldm: interrupted; {error or 'nothing was left half written'}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
