"""The accelerator as the CPU sees it: registers, memories, a start and an interrupt.

What it does follows from the bytes and registers that were written, and from nothing else. An address without a
register, a value that the model does not have, or reading what was never written is a `FirmwareFault`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bittrue_firmware.bias_memory import BiasMemory
from bittrue_firmware.chip import LANES, PROCESSORS, QUADRANTS, Chip
from bittrue_firmware.control import Control
from bittrue_firmware.data_memory import DataMemory
from bittrue_firmware.decoding import decode
from bittrue_firmware.fault import FirmwareFault
from bittrue_firmware.layer_run import LayerRun
from bittrue_firmware.settings import LayerSettings
from bittrue_firmware.weight_memory import WeightMemory

Powered = Callable[[int], str]


class Accelerator:
    """One chip's accelerator.

    Parameters
    ----------
    chip : Chip
    missing : function of a quadrant
        What it lacks to be accessed (power, clock), in words, or "".
    after_layer : function of (LayerSettings, DataMemory)
        Called after each layer.
    """

    def __init__(
        self, chip: Chip, missing: Powered, after_layer: Callable[[LayerSettings, DataMemory], None] | None = None
    ) -> None:
        self.chip, self.missing, self.after_layer = chip, missing, after_layer
        self.data, self.weights, self.bias = DataMemory(chip), WeightMemory(chip), BiasMemory(chip)
        self.control = Control(chip)
        self.registers: dict[int, dict[int, dict[str, int]]] = {q: {} for q in range(QUADRANTS)}
        self.layers: list[LayerSettings] = []
        self._version = 0
        self._ready: dict[int, tuple[tuple[int, ...], LayerRun]] = {}
        self.running = False
        self.writes = 0

    def write(self, address: int, size: int, value: int) -> None:
        """A write of ``size`` bytes by the CPU."""
        self.writes += 1
        quadrant, offset = self._locate(address, "writes")
        region, place = self._region(offset)
        if region != "control" and self.running:
            raise FirmwareFault(
                f"the firmware writes 0x{value:x} to 0x{address:08x} while the accelerator runs; wait for its interrupt"
            )
        if size != 4:
            if region == "weights" and size == 1 and self.control.packed(quadrant):
                processor, own = divmod(place, self.chip.weight_step)
                self.weights.open(quadrant, processor, own, value)
                return
            raise FirmwareFault(
                f"the firmware writes {size} byte(s), 0x{value:x}, to 0x{address:08x}; the accelerator takes words"
            )
        if address % 4:
            raise FirmwareFault(f"the firmware writes a word to 0x{address:08x}, which is no word's address")
        if region == "control":
            if self.control.write(quadrant, place, value):
                if self.running:
                    raise FirmwareFault(
                        f"the accelerator is started while it runs, by 0x{value:08x} to 0x{address:08x}"
                    )
                self._start()
        elif region == "weights":
            processor, own = divmod(place, self.chip.weight_step)
            packed = self.control.packed(quadrant)
            (self.weights.write_packed if packed else self.weights.write_plain)(quadrant, processor, own, value)
        elif region == "data":
            group, own = divmod(place, self.chip.data_step)
            self.data.store(quadrant * (PROCESSORS // LANES) + group, self._word(own, address, "writes"), value)
        elif region == "bias":
            self.bias.store(quadrant, place // 4, value)
        else:
            layer, name = self._register(place, address, "writes", value)
            self.control.check_cleared(quadrant)
            self.registers[quadrant].setdefault(layer, {})[name] = value
            self._version += 1

    def read(self, address: int, size: int) -> int:
        """A read of ``size`` bytes by the CPU."""
        quadrant, offset = self._locate(address, "reads")
        if size != 4 or address % 4:
            raise FirmwareFault(
                f"the firmware reads {size} byte(s) at 0x{address:08x}; the accelerator has whole words"
            )
        region, place = self._region(offset)
        if region == "control":
            return self.control.read(quadrant, place)
        if self.running:
            raise FirmwareFault(
                f"the firmware reads 0x{address:08x} while the accelerator runs; wait for its interrupt"
            )
        if region == "weights":
            processor, own = divmod(place, self.chip.weight_step)
            return self.weights.read(quadrant, processor, own)
        if region == "data":
            group, own = divmod(place, self.chip.data_step)
            return self.data.load(quadrant * (PROCESSORS // LANES) + group, self._word(own, address, "reads"))
        if region == "bias":
            return self.bias.load(quadrant, place // 4, "the firmware") & 0xFF
        layer, name = self._register(place, address, "reads", None)
        self.control.check_cleared(quadrant)
        return self.registers[quadrant].get(layer, {}).get(name, 0)

    def finish(self) -> None:
        """End the run: set the done bits, so that the interrupt is pending."""
        self.running = False
        self.control.finish()

    @property
    def pending(self) -> bool:
        """Whether the interrupt is asked for."""
        return self.control.done

    def _start(self) -> None:
        started, master, binary = self.control.started()
        self.running = True
        layer, last = self.control.layers()
        before: list[LayerSettings] = []
        for _ in range(self.chip.layers):
            values = {quadrant: self.registers[quadrant].get(layer, {}) for quadrant in started}
            ready = self._layer(layer, values, master, binary)
            self._check_average(before, ready.settings)
            before = [*before[-1:], ready.settings]
            self.layers.append(ready.settings)
            ready.run()
            if self.after_layer:
                self.after_layer(ready.settings, self.data)
            following = self._following(layer, last, values[master].get("NEXT", 0))
            if following is None:
                return
            layer = following
        raise FirmwareFault(f"the layers never end: layer {layer} is the next after {self.chip.layers} of them")

    @staticmethod
    def _following(layer: int, last: int, value: int) -> int | None:
        """The layer that comes next by register NEXT: bit 8 ends the run, bit 7 leads to the layer in bits 6 to 0."""
        known = value in (0, 1 << 8) or value >> 7 == 1
        if not known or (value and layer == last):
            why = (
                "it is the last layer, and 0 belongs there" if known else "it stops (0x100) or jumps (0x80 and a layer)"
            )
            raise FirmwareFault(f"layer {layer}: NEXT is 0x{value:08x}; {why}")
        if layer == last or value >> 8:
            return None
        return value & 0x7F if value else layer + 1

    def _check_average(self, before: list[LayerSettings], settings: LayerSettings) -> None:
        """On the MAX78002 an average needs another layer behind one in which operands meet: it resets the sum.

        Where it moves one byte only, it reads where the average does; what it writes means nothing.
        """
        if not (self.chip.clears and settings.average and settings.pool != (1, 1) and before):
            return
        last = before[-1]
        if last.operands.count > 1:
            raise FirmwareFault(
                f"layer {settings.index} averages directly behind layer {last.index}, in which operands meet; on the "
                f"{self.chip.name} a layer that moves one byte must stand between them"
            )
        if last.resets and before[0].operands.count > 1 and last.read != settings.read:
            raise FirmwareFault(
                f"layer {last.index} resets the sums of layer {settings.index}, but reads word {last.read}, not "
                f"{settings.read}"
            )

    def _layer(self, layer: int, values: Mapping[int, Mapping[str, int]], master: int, binary: bool) -> LayerRun:
        """The layer that the registers describe; made anew when a register, weight or bias was written since."""
        state = self._version, self.weights.version, self.bias.version, master, int(binary), *values
        known, ready = self._ready.get(layer, (None, None))
        if ready is None or known != state:
            settings = decode(self.chip, layer, values, master, binary)
            ready = LayerRun(settings, self.data, self.weights, self.bias)
            self._ready[layer] = state, ready
        return ready

    def _locate(self, address: int, verb: str) -> tuple[int, int]:
        quadrant, offset = divmod(address - self.chip.base, self.chip.stride)
        if not 0 <= quadrant < QUADRANTS:
            raise FirmwareFault(f"the firmware {verb} 0x{address:08x}, which is no address of the accelerator")
        lack = self.missing(quadrant)
        if lack:
            raise FirmwareFault(f"the firmware {verb} 0x{address:08x}, quadrant {quadrant}, {lack}")
        return quadrant, offset

    def _region(self, offset: int) -> tuple[str, int]:
        """What lies at an offset in a quadrant, and the offset in that."""
        chip = self.chip
        spans = (
            ("data", chip.data, PROCESSORS // LANES * chip.data_step),
            ("weights", chip.weights, PROCESSORS * chip.weight_step),
            ("bias", chip.bias, 4 * chip.bias_bytes),
            ("control", 0, 0x10),
        )
        for name, first, size in spans:
            if first <= offset < first + size:
                return name, offset - first
        return "registers", offset - chip.register_base

    def _word(self, own: int, address: int, verb: str) -> int:
        if own // 4 >= self.chip.data_words:
            raise FirmwareFault(
                f"the firmware {verb} data memory at 0x{address:08x}, word {own // 4} of {self.chip.data_words}"
            )
        return own // 4

    def _register(self, place: int, address: int, verb: str, value: int | None) -> tuple[int, str]:
        chip = self.chip
        layer, number = divmod(place, chip.layer_step)
        if chip.register_step > chip.layer_step:
            number, layer = divmod(place, chip.register_step)
            layer //= chip.layer_step
        else:
            number //= chip.register_step
        name = chip.registers[number] if 0 <= number < len(chip.registers) else ""
        if place < 0 or not name or not 0 <= layer < chip.layers:
            content = "" if value is None else f" 0x{value:08x} to"
            raise FirmwareFault(f"the firmware {verb}{content} 0x{address:08x}, where the model has no register")
        if value and name in ("STREAM1", "STREAM2", "FMAX"):
            raise FirmwareFault(f"layer {layer}: {name} is 0x{value:08x}; streaming is not modelled")
        return layer, name
