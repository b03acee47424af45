"""What the demo shows when nobody touches it: off, on, a hot amplifier, its bank, a cold one, its bank, and back."""

from __future__ import annotations

from collections.abc import Sequence

from bittrue.board.demo.bundle import Bank
from bittrue.board.demo.view import Settings

OFF = "Off: the amplifier spills into the channels beside"
ON = "On: the net in the programmable logic takes the distortion out"
DRIFTS = {
    1: "The amplifier heats up, the weights stay: leakage comes back",
    -1: "Now it cools down, with the same weights",
}
SWAP = "Bank {}, swapped in between two samples: clean again"
BACK = "Back at the captured temperature"
STEPS = 3
"""Frames that a drift takes."""

SHORTEST = 6
"""Frames of a tour at least: with five passes, every one of them is streamed through the net."""


def home(banks: Sequence[Bank]) -> Bank:
    """The bank for the captured temperature, or the nearest to it."""
    return min(banks, key=lambda bank: abs(bank.kelvin))


def tour(banks: Sequence[Bank]) -> list[Settings]:
    """The settings of one tour, frame by frame; it ends with predistortion on, at the captured temperature."""
    normal = home(banks)
    frames = [Settings(False, normal.name, 0.0, OFF), Settings(True, normal.name, 0.0, ON)]
    for sign in (1, -1):
        bank = max(banks, key=lambda bank: sign * bank.kelvin)
        if sign * bank.kelvin <= 0 or bank == normal:
            continue
        for k in range(1, STEPS + 1):
            frames.append(Settings(True, normal.name, float(int(bank.kelvin * k / STEPS)), DRIFTS[sign]))
        frames.append(Settings(True, bank.name, bank.kelvin, SWAP.format(bank.name)))
    last = Settings(True, normal.name, 0.0, BACK if len(frames) > 2 else ON)
    return frames + [last] * max(1, SHORTEST - len(frames))
