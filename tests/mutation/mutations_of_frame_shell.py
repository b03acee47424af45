"""Mutations of the shell of frames: which frames enter the net, what leaves with TLAST, what the driver makes of both."""

RTL, BOARD = "rtl/bittrue_rtl", "python/bittrue/board"
FRAMER, STREAMS, SHELL, FILTERS = (f"{RTL}/{name}.py" for name in ("framer", "frame_shell", "shell", "filters"))
LAYOUT, NET, DRIVER = (f"{BOARD}/{name}.py" for name in ("frame_layout", "frame_net", "driver"))

PROOF = "tests/formal/test_framer.py::test_framer_by_induction[3-5]"
SHELLS = "tests/equal/test_frame_shell.py::test_"
MIXED = SHELLS + "interleavings[frames, a word a position]"
PACE = SHELLS + "latency_and_pace_are_those_of_the_net[frames, a word a position]"
FLAGS = SHELLS + "layers_that_clamp_are_named[frames, a word a position]"
DRIVEN = "tests/board/test_frames_on_stand_in.py::test_"
BATCH = DRIVEN + "batches_are_the_references"

# fmt: off
ROWS = [
    ("passes a long frame on", FRAMER, "Framer._enter", "good = ended & (self.i.payload.last | self.packets)",
     "good = ended", PROOF),
    ("ends every frame of a packet", STREAMS, "FrameShell._enter", "sidecar.payload.last.eq(framer.last)",
     "sidecar.payload.last.eq(1)", MIXED),
    ("turns positions and words round", LAYOUT, "FrameLayout.order", "table[np.newaxis] * positions",
     "table[np.newaxis]", BATCH),
    ("says nothing of dropped frames", NET, "FrameNet._told", "any(dropped.values())", "False",
     DRIVEN + "dropped_frames_are_told"),
]
HEAVY = [
    ("skips the frame after a long one", FRAMER, "Framer._enter", "with m.Elif(accept & self.i.payload.last): ...",
     "with m.Elif(good): ...", PROOF),
    ("keeps words of a short frame", FRAMER, "Framer._enter", "write.addr.eq(begin)", "write.addr.eq(write.addr)",
     MIXED),
    ("lets a dropped frame keep its places", FRAMER, "Framer._enter", "used.eq(stored)", "used.eq(used - moved)",
     MIXED),
    ("tells of no short frame", FRAMER, "Framer._enter", "self.short.eq(store & ~end & self.i.payload.last)",
     "self.short.eq(0)", MIXED),
    ("takes packets where frames are meant", STREAMS, "FrameShell._enter", "framer.packets.eq(self.packets)",
     "framer.packets.eq(1)", MIXED),
    ("ends every word of a result", STREAMS, "FrameShell._leave", "sidecar.o.payload.last & ends",
     "sidecar.o.payload.last", MIXED),
    ("lets a frame's companion go with its first word", STREAMS, "FrameShell._leave", "sidecar.o.ready.eq(gone & ends)",
     "sidecar.o.ready.eq(gone)", MIXED),
    ("counts short frames for long ones", SHELL, "Shell._status", '("short", streams.short)', '("short", streams.long)',
     MIXED),
    ("keeps counts through a reset", SHELL, "Shell._status", "Mux(registers.soft, 0, count + dropped)",
     "count + dropped", MIXED),
    ("holds one frame at a time", STREAMS, "FrameShell._enter",
     "Framer(len(self.s_axis_tdata), self._words, held_words(self.layouts[0]))",
     "Framer(len(self.s_axis_tdata), self._words, self._words + 1)", PACE),
    ("flags what no filter has computed yet", FILTERS, "FilterEngine._round", "self.done & Cat(*clamped).any()", "1",
     FLAGS),
    ("sends nothing where something is", LAYOUT, "FrameLayout.beats", "np.where(self.order == NOTHING, 0, found)",
     "np.where(self.order == NOTHING, found, 0)", BATCH),
    ("ends a packet with every frame", NET, "FrameNet._begin", "self._shell.packets()", "self._shell.check", BATCH),
    ("cuts a batch one frame too late", DRIVER, "Driver.__init__",
     "self._transfers.most_bytes // max(end.bytes for end in ends)",
     "1 + self._transfers.most_bytes // max(end.bytes for end in ends)", DRIVEN + "a_batch_is_cut[length]"),
    ("gives up where memory is short", NET, "FrameNet._allocate", "self._chunk == 1", "True",
     DRIVEN + "a_batch_is_cut[memory]"),
]
# fmt: on
