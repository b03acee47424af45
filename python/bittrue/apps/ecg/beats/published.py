"""Fingerprints that tell the published records of MIT-BIH from files of the same names."""

from __future__ import annotations

# fmt: off
PUBLISHED = {
    "100": "bf35f4979db5be1e", "101": "44a9a0b5646165e8", "102": "17a4e0ab5e099967", "103": "0cf5cb10e6e9c271",
    "104": "9846b231995e94a3", "105": "da9abbb39acb1355", "106": "274bc62235880983", "107": "e267d58b9ab2d1d9",
    "108": "603d6b35c25816e4", "109": "9714ae084449b888", "111": "4bd761f3f630c094", "112": "bec4efa2e0b41804",
    "113": "ec3819f21132bc07", "114": "af8371850738b8ca", "115": "b5e0dd8d0b529391", "116": "603599694c516249",
    "117": "763e4284f0480017", "118": "05909b4e0ebd45f8", "119": "8cf51eae6e580a1d", "121": "e8a578e08f386d49",
    "122": "cf5a00fe97e5e58e", "123": "2eca248bf8820352", "124": "218fe40d1fbc5ebd", "200": "d215bdf2c6896cec",
    "201": "52a0f9fea2afbdbf", "202": "6337a11da6b8c7d3", "203": "1b501b7f51b09e7b", "205": "c01873ab42a02958",
    "207": "edd852573625eb21", "208": "3981972f8f883925", "209": "5e6d296e579e42b5", "210": "5880cd25a513d5e5",
    "212": "721185522bd8cebb", "213": "5cd8c88b68c9922c", "214": "fabde62664b9b2c2", "215": "763b7a2a38d5ead8",
    "217": "a1a00c9d2253aa68", "219": "cfc0d9f0c4093f9a", "220": "fbb35111147c8d98", "221": "2b90476bcc2fe3f8",
    "222": "5fc9b954ca248977", "223": "a330164900f99aa2", "228": "8704f6269320f03d", "230": "144bef00e8026908",
    "231": "6eaa276ada3a77d9", "232": "2835519435236a6e", "233": "c4be72e5d14e739e", "234": "d6a18c221ea377e3",
}
# fmt: on
"""First 16 digits of `bittrue.apps.ecg.beats.database.digest` of the records of mitdb 1.0.0, of files that have the
sums of its SHA256SUMS.txt."""
