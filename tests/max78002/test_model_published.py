"""Layers of networks whose C the vendor publishes: what their registers say to the model is what its comments say.

The numbers are taken from Examples/MAX78002/CNN and Examples/MAX78000/CNN of Analog Devices' SDK, and so are shapes.
"""

import pytest

from bittrue_firmware.chip import MAX78000, MAX78002
from bittrue_firmware.decoding import decode
from bittrue_firmware.operands import Operands

ALL = "ENA ffffffff"


def says(**wanted):
    """Settings by name."""
    return wanted


LAYERS = {
    "cifar-100-residual 2, a pass-through with a gap": (
        MAX78000,
        "RCNT 1f CCNT 1f TOFFS 2000 LCTL 920 LCTL2 10 ONED 103 POST 3000000",
        ("WPTR 800 ENA ffff", "WPTR 8800 ENA f", "WPTR 800", "WPTR 800"),
        says(kind="pass", rows=32, columns=32, output_rows=32, pixel_step=2, write={0: (0, 0x800), 1: (4, 0x800)}),
    ),
    "cifar-100-residual 4, 2x20x32x32, add, 3x3": (
        MAX78000,
        "RCNT 10021 CCNT 10021 WPTR 16000 MOFFS 2000 RPTR 800 LCTL b20 LCTL2 9800 MCNT a00138 ONED 66000 TPTR 1f "
        "POST 24000",
        (f"LCTL 2b20 {ALL}", "ENA f000f", "", ""),
        says(operands=Operands(2, "add"), unit=2, outputs=20, kernel_columns=3, output_columns=32, activation="relu"),
    ),
    "cifar-100-residual 12, 2x48x8x8, add, then max pool 2x2, 3x3, 96x4x4": (
        MAX78000,
        "RCNT 10009 CCNT 10009 PRCNT 1 PCCNT 1 STRIDE 1 MOFFS 2000 CHOFFS 1 RPTR 800 LCTL ba0 LCTL2 17810 "
        "MCNT 50007f8 ONED 66000 TPTR 3 POST 22000",
        (f"LCTL 6ba0 {ALL}", ALL, ALL, ""),
        says(operands=Operands(2, "add", False), pool=(2, 2), stride=2, outputs=96, output_rows=4, output_columns=4),
    ),
    "camvid_unet 8, transposed, 112x6x6 to 56x12x12, with a gap": (
        MAX78000,
        "RCNT 1000d CCNT 1000d WPTR 1000 MOFFS 2000 RPTR 1800 LCTL 920 LCTL2 1b811 MCNT 66009d8 TPTR b POST 10022000",
        (f"LCTL e920 {ALL}", ALL, f"POST 10023080 {ALL}", "ENA ff00ff"),
        says(upsampling=2, rows=6, width=6, passes=2, outputs=56, output_rows=12, output_columns=12, pixel_step=2),
    ),
    "camvid_unet 10, transposed, 56x12x12 to 28x24x24": (
        MAX78002,
        "RCNT 18017 CCNT 18017 STRIDE 10 MOFFS 8000 RPTR 800 LCTL 880920 LCTL2 d8000 MCNT1 e38 MCNT2 d60 OCHAN 1b "
        "TPTR 17 POST 10022000",
        (f"LCTL 88e920 {ALL}", ALL, ALL, "POST 100230b8 ENA ff00ff"),
        says(upsampling=2, rows=12, columns=12, outputs=28, output_rows=24, output_columns=24, bias={3: 0xB8}),
    ),
    "cifar-100-effnet2 0, 3x32x32, max pool 2x2, 3x3, 32x16x16": (
        MAX78002,
        "RCNT 22801e CCNT 2801e PRCNT 1 PCCNT 1 STRIDE 21 WPTR 39000 MOFFS 8000 LCTL 880ba0 LCTL2 f8000 MCNT1 f8 "
        "OCHAN 1f TPTR f",
        ("LCTL 88aba0", "POST 14d0", "", "ENA 70007000"),
        says(rows=16, width=32, pad_rows=1, pad_columns=1, outputs=32, enabled={3: 0x7000}, write={0: (7, 0x1000)}),
    ),
    "cifar-100-effnet2 19, 384x16x16, depthwise 3x3": (
        MAX78002,
        "RCNT 6800f CCNT 1800f STRIDE 60 WPTR 1000 MOFFS 8000 CHOFFS 1 RPTR 2000 LCTL 20880b20 LCTL2 1f8055 MCNT1 1608 "
        "MCNT2 15e0 OCHAN 17 ONED 3 TPTR f POST 4100300c ENA ffffffff",
        ("", "", "", ""),
        says(kind="depthwise", passes=6, unit=6, outputs=384, output_columns=16, bias=dict.fromkeys(range(4), 48)),
    ),
    "cifar-100-effnet2 20, 384x16x16, 1x1, 96x16x16, with a gap": (
        MAX78002,
        "RCNT 6000f CCNT 1000f STRIDE 60 WPTR 1 TOFFS 1 MOFFS 8000 CHOFFS 2 RPTR 1000 LCTL 920 LCTL2 178035 MCNT1 d918 "
        "MCNT2 c720 OCHAN 23f ONED 100 POST 22000 ENA ffffffff",
        ("LCTL e920", "POST 23470", "", ""),
        says(linear=True, outputs=96, positions=48, pixel_step=4, pass_step=2, write={0: (0, 1)}),
    ),
    "cifar-100-effnet2 21, 2x96x16x16, add": (
        MAX78002,
        "RCNT 4000f CCNT 1000f STRIDE 40 TOFFS 8000 CHOFFS 1 LCTL 920 LCTL2 1 MCNT2 8 OCHAN 3 ONED 46003 POST 1000000",
        ("WPTR 1000 ENA ffff", "WPTR 21000 ENA ffff", "WPTR 41000 ENA ffff", "WPTR 1000"),
        says(kind="pass", operands=Operands(2, "add"), passes=2, unit=4, rows=16, columns=16, pixel_step=2),
    ),
    "cifar-100-effnet2 31, 1024x16x16, avg pool 16x16": (
        MAX78002,
        "RCNT 10000000 CCNT 100000 PRCNT f PCCNT f STRIDE 100f TOFFS 8000 CHOFFS 1 RPTR 2000 LCTL 8a0 LCTL2 f MCNT2 78 "
        "OCHAN 3 ONED 103 POST 3000000 ENA ffff",
        ("", "WPTR 20000", "WPTR 40000", "WPTR 60000"),
        says(kind="pass", average=True, pool=(16, 16), stride=16, passes=16, unit=16, width=16, rows=1, columns=1),
    ),
}  # fmt: skip


def values(text):
    words = text.split()
    return {name: int(value, 16) for name, value in zip(words[::2], words[1::2], strict=True)}


@pytest.mark.parametrize("name", LAYERS)
def test_published_registers_say_what_their_comments_say(name):
    chip, common, own, wanted = LAYERS[name]
    registers = {quadrant: values(common) | values(more) for quadrant, more in enumerate(own)}
    found = decode(chip, 0, registers, 0, False)
    assert {key: getattr(found, key) for key in wanted} == wanted
