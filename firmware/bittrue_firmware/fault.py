"""What the firmware did that the chip, or the model of it, cannot follow."""


class FirmwareFault(Exception):
    """The firmware is wrong, or uses what the model does not have.

    The message is one sentence that names the address or register, the value and what was expected.
    """
