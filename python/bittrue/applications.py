"""The register: every application that comes with bittrue; a new one adds its line here."""

from __future__ import annotations

from bittrue.apps.dpd.application import AMPLIFIERS, PREDISTORTION
from bittrue.apps.ecg.application import HEARTBEATS
from bittrue.apps.noise.application import NOISE
from bittrue.apps.radio.application import RADIO
from bittrue.kit.application import APPLICATIONS, register

__all__ = ["APPLICATIONS"]

register(PREDISTORTION, HEARTBEATS, AMPLIFIERS, NOISE, RADIO)
