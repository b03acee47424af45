"""What every frame says about where its figures come from."""

from __future__ import annotations

import os

from bittrue.board.demo.bundle import Bundle
from bittrue.board.demo.view import Texts


def device_name() -> str:
    """The board, as its image calls it; else what the device calls itself: a simulated one says so."""
    from pynq import Device

    device = Device.active_device
    tag = str(getattr(device, "tag", ""))
    return os.environ.get("BOARD", tag) if tag.startswith("embedded") else str(device.name)


def texts(bundle: Bundle, device: str, clock_mhz: float, interval: int) -> Texts:
    """Title, device and notes of a demo.

    Parameters
    ----------
    bundle : Bundle
    device : str
        What pynq calls the board: a simulated one says so.
    clock_mhz : float
        Of the programmable logic.
    interval : int
        Its clocks a sample.
    """
    rate, signal = clock_mhz / interval, bundle.channel.sample_rate / 1e6
    banks = f"{len(bundle.banks)} banks of weights" if len(bundle.banks) > 1 else "one bank of weights"
    return Texts(
        "Neural digital predistortion",
        device,
        (
            f"Amplifier: a model ({bundle.amplifier_title}); its drift with temperature is simulated too. Not an RF "
            f"measurement.",
            f"Net {bundle.net}, {banks}, {clock_mhz:g} MHz and {interval} clocks a sample: {rate:g} MS/s. The signal "
            f"is made for {signal:g} MS/s: time runs {signal / rate:.1f} times slower, frequencies are the signal's.",
            "ACLR and EVM by OpenDPD's definitions, one common complex gain removed. Every output code is compared "
            "with the reference, computed on a PC beforehand.",
        ),
    )
