"""A project's run as the writes that its firmware did, to do again with one of them changed."""

from __future__ import annotations

from bittrue_firmware import verifying
from bittrue_firmware.accelerator import Accelerator
from bittrue_firmware.fault import FirmwareFault
from bittrue_firmware.project import read_project
from bittrue_firmware.watching import LayerWatch


class Replay:
    """Runs the project in ``folder`` once: ``writes`` are what it wrote up to the start, ``kinds`` where they went."""

    def __init__(self, folder, monkeypatch):
        writes, before = [], Accelerator.write

        def write(accelerator, address, size, value):
            if not accelerator.layers:
                writes.append((address, size, value))
            before(accelerator, address, size, value)

        with monkeypatch.context() as patch:
            patch.setattr(Accelerator, "write", write)
            assert verifying.verify(folder).passed
        self.writes, self.project = writes, read_project(folder)
        self.kinds = [self._kind(address) for address, _, _ in writes]
        assert self.complaint(writes) == ""

    def complaint(self, writes):
        """What is wrong with a run of these writes, or ""."""
        watch = LayerWatch(self.project)
        accelerator = Accelerator(self.project.chip, lambda quadrant: "", watch.after_layer)
        watch.accelerator = accelerator
        try:
            for write in writes:
                accelerator.write(*write)
        except FirmwareFault as error:
            return " ".join([*map(str, watch.found[:1]), str(error)])
        if len(watch.ran) != len(self.project.layers):
            return f"{len(watch.ran)} layers ran"
        return str(watch.found[0]) if watch.found else ""

    def flipped(self, number, bit):
        """The complaint about a run in which one bit of one write is the other way."""
        writes = list(self.writes)
        address, size, value = writes[number]
        writes[number] = address, size, value ^ 1 << bit
        return self.complaint(writes)

    def _kind(self, address):
        model = Accelerator(self.project.chip, lambda quadrant: "")
        _, offset = model._locate(address, "")
        region, place = model._region(offset)
        return region if region != "registers" else model._register(place, address, "", None)[1]
