"""Integer nets of a latent: whether a net is an autoencoder of radio maps, and the halves it is cut into."""

from __future__ import annotations

from bittrue.apps.radio.hardware.blocks import head, tail
from bittrue.apps.radio.latent.autoencoder import LATENT, MAP, SIDE
from bittrue.apps.radio.latent.process import CODE
from bittrue.errors import BadInput
from bittrue.spec import Net


def check_autoencoder(net: Net) -> None:
    """Raise `BadInput` where a net is no autoencoder of radio maps."""
    latent = net.types.get(LATENT)
    known = latent is not None and latent.format == CODE and latent.shape[1:] == (SIDE, SIDE)
    if len(net.inputs) > 1 or len(net.outputs) > 1 or net.input != MAP or net.output != MAP or not known:
        raise BadInput(
            f"net {net.name} is no autoencoder of radio maps; give one that bittrue train radio made, such as radio-vae"
        )


def encoder(net: Net) -> Net:
    """The half from the map to the latent."""
    check_autoencoder(net)
    return head(net, LATENT)


def decoder(net: Net) -> Net:
    """The half from the latent to the map."""
    check_autoencoder(net)
    return tail(net, LATENT)
