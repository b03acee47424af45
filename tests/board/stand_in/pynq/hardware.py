"""A net behind registers, from the reference and the register declaration."""

from __future__ import annotations

import os
import zlib

import numpy as np

from bittrue import ref
from bittrue.lower.load import LoadPlan
from bittrue.lower.registers import BY_NAME, hash_words
from bittrue.lower.stream_shell import built_words, end_layouts
from bittrue.spec.store import content_hash, load


class NetHardware:
    """What the FPGA of an overlay holds; ``STAND_IN_NETS`` names the folders of its nets."""

    def __init__(self, manifest: dict[str, object]) -> None:
        known = [load(folder) for folder in os.environ["STAND_IN_NETS"].split(os.pathsep)]
        self.known = {content_hash(net): net for net in known}
        given = [self.known[bank["hash"]] for bank in manifest["banks"]]
        self.banks = given + [given[0]] * (manifest["bank_count"] - len(given))
        self.net, self.manifest = given[0], manifest
        self.words = {register.offset: register.reset for register in BY_NAME.values() if register.name != "BANK_HASH"}
        self.framed = manifest["input"]["frame"] is not None
        self.layouts = end_layouts(self.net, manifest["interval"])
        for name, words in built_words(self.net, manifest["interval"], () if self.framed else given).items():
            for k, word in enumerate(words):
                self.words[BY_NAME[name].offset + 4 * k] = word
        self.crc = b""
        self.forget()

    def forget(self) -> None:
        """Soft reset."""
        self.codes, self.select = np.zeros((0, *self.net.input.shape), np.int64), np.zeros(0, np.int64)
        self.taken = self.clamped = 0

    def to_net(self, words: np.ndarray) -> np.ndarray:
        """Samples or frames of the elements of words; several frames at a time only as a packet."""
        if not self.framed:
            return words
        frames = words.reshape(-1, *self.layouts[0].order.shape)
        assert len(frames) == 1 or self._of("CONTROL") & 4, "TLAST is missing at the end of a frame"
        found = np.zeros((len(frames), self.net.input.elements), np.int64)
        for beat, lanes in enumerate(self.layouts[0].order):
            for lane, element in enumerate(lanes):
                if element >= 0:
                    found[:, element] = frames[:, beat, lane]
        return found.reshape(len(frames), *self.net.input.shape)

    def from_net(self, results: np.ndarray) -> np.ndarray:
        """`to_net` backwards, for results; something else where there is nothing."""
        if not self.framed:
            return results
        order = self.layouts[1].order
        beats = results.reshape(len(results), -1)[:, order]
        return np.where(order < 0, 99, beats).reshape(-1, order.shape[1])

    def stream(self, codes: np.ndarray) -> np.ndarray:
        """Samples through the core."""
        bank, control = self._of("BANK"), self._of("CONTROL")
        self.codes = np.concatenate([self.codes, codes])
        self.select = np.concatenate([self.select, np.full(len(codes), bank)])
        out = ref.run_banks(self.banks, self.codes, self.select)[-len(codes) :]
        for k, flags in enumerate(ref.saturated(self.banks, self.codes, self.select).values()):
            self.clamped |= int(flags[-len(codes) :].any()) << k
        self.codes, self.select = self.codes[-self.net.memory - 1 :], self.select[-self.net.memory - 1 :]
        self.taken += len(codes)
        return codes if control & 2 else out

    def read(self, offset: int) -> int:
        """A register's value."""
        name = next((n for n, register in BY_NAME.items() if register.offset == offset), "")
        if name in ("SAMPLES_IN", "SAMPLES_OUT"):
            words = self.layouts[name == "SAMPLES_OUT"].transfers if self.framed else 1
            return self.taken * words & 0xFFFFFFFF
        if name == "STATUS":
            return BY_NAME[name].encode(busy=1 << self._of("BANK"), active=self._of("BANK"))
        values = {"SATURATED": self.clamped, "LOAD_COUNT": len(self.crc) // 12, "LOAD_CRC": zlib.crc32(self.crc)}
        return values.get(name, self.words.get(offset, 0))

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        self.words[offset] = value
        first = BY_NAME["BANK_HASH"].offset
        if offset == BY_NAME["CONTROL"].offset and value & 1:
            self.words[offset] = value & ~1
            self.forget()
        elif offset == BY_NAME["SATURATED"].offset:
            self.clamped &= ~value
        elif offset == BY_NAME["LOAD_CRC"].offset:
            self.crc = b""
        elif offset == BY_NAME["LOAD_DATA"].offset:
            words = self._of("LOAD_ADDRESS"), value, self._of("LOAD_HIGH")
            self.crc += b"".join(word.to_bytes(4, "little") for word in words)
            self.words[BY_NAME["LOAD_ADDRESS"].offset] += 1
        elif offset >= first and (offset - first) % 32 == 28:  # the last word of a bank's hash
            bank = (offset - first) // 32
            found = tuple(self.words[first + 32 * bank + 4 * k] for k in range(8))
            net = next(n for digest, n in self.known.items() if tuple(hash_words(digest)) == found)
            assert self._loaded(net, bank), "other words were loaded than those of the net whose hash was written"
            self.banks[bank] = net

    def _loaded(self, net: object, bank: int) -> bool:
        """Whether the words since LOAD_CRC was written are those of a net in a bank."""
        plan = LoadPlan(self.net, self.manifest["interval"], len(self.banks))
        addresses, codes = plan.words(net)
        wanted = np.stack([addresses + (bank << plan.lane_bits + plan.word_bits), codes], axis=1)
        stored = np.frombuffer(self.crc, "<u4").reshape(-1, 3).astype(np.int64)
        values = np.stack([stored[:, 0], stored[:, 1] | stored[:, 2] << 32], axis=1)
        return np.array_equal(values, wanted)

    def _of(self, name: str) -> int:
        return self.words[BY_NAME[name].offset]
