"""``-v`` says what is done, ``--json`` prints results for scripts, and caches go where the platform has them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from bittrue import spec
from bittrue.cli import main
from bittrue.cosim import cache
from bittrue.cost import cost, default_interval
from bittrue.num import Format
from bittrue.spec import Dense, Net, Node, TensorType
from bittrue.spec.store import content_hash

Q7 = Format.parse("Q1.7")


@pytest.fixture
def net(tmp_path, monkeypatch) -> Net:
    """The net in the folder ``net`` of the working directory."""
    monkeypatch.chdir(tmp_path)
    layer = Dense(np.array([[64, -64], [3, 127]]), np.array([64, -5]), Q7, Q7, "relu")
    made = Net("small", TensorType((2,), Q7), (Node("fc", layer, ("input",)),))
    spec.save(made, "net")
    return made


def printed(capsys, *words: str, code: int = 0) -> dict:
    """The JSON that a command prints, and nothing else on stdout."""
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


# ---- --json ---------------------------------------------------------------------------------------------------------


def test_info_as_json(net, capsys):
    found = printed(capsys, "info", "net", "--interval", "16", "--clock", "125")
    assert (found["net"], found["hash"], found["macs"]) == ("small", content_hash(net), 4)
    assert found["inputs"] == {"input": {"shape": [2], "format": "Q1.7"}}
    (node,) = found["nodes"]
    assert (node["layer"], node["activation"], node["codes"]) == ("Dense", "relu", [0, 127])
    assert node["accumulator_bits"] == 16
    hardware, price = found["hardware"], cost(net, 16)
    assert (hardware["interval"], hardware["latency"]) == (16, price.latency)
    assert hardware["resources"]["dsp"] == price.dsps and hardware["samples_per_second"] == 125e6 / 16
    assert hardware["nodes"]["fc"] == vars(price.nodes["fc"])


def test_info_as_json_says_why_there_is_no_hardware(net, capsys, monkeypatch):
    from bittrue.errors import BadInput

    def none(net, interval, **others):
        raise BadInput("not in hardware; take another")

    monkeypatch.setattr("bittrue.cli.info.cost", none)
    found = printed(capsys, "info", "net")
    assert found["hardware"] is None and found["no_hardware"] == "not in hardware; take another"


def test_check_as_json(net, capsys, monkeypatch):
    from bittrue import check, ref
    from bittrue.check.legs import Leg

    def wrong(net, options):
        return Leg("c", lambda codes: ref.run(net, codes), lambda codes: {"fc": ref.taps(net, codes)["fc"] ^ 1})

    monkeypatch.setitem(check.LEGS, "c", wrong)
    monkeypatch.setattr("bittrue.cli.check.real_data", lambda net: None)
    found = printed(capsys, "check", "net", "--legs", "c", "--samples", "60", code=1)
    (leg,) = found["legs"]
    assert not found["equal"] and not leg["equal"] and leg["mismatches"] == {"fc": leg["words"]}
    first = leg["divergence"]
    assert first["node"] == "fc" and first["expected"] ^ 1 == first["found"] and first["format"] == "Q1.7"
    assert first["operands"]["rows"] and found["known_answers"] is None


def test_doctor_as_json(capsys):
    found = printed(capsys, "doctor")
    assert found["works"] and {line["thing"] for line in found["findings"]} >= {"Python", "numpy", "C compiler"}
    assert printed(capsys, "doctor", "--layers")["layers"]["Dense"]["ref"] is True


def test_written_files_as_json(net, capsys):
    for words in (["c", "net", "-o", "c"], ["rom", "net", "-o", "rom"]):
        files = printed(capsys, *words)["files"]
        assert files and all(Path(file).is_file() for file in files)


def test_sim_as_json(net, capsys, monkeypatch):
    from bittrue.check.executions import Row

    rows = [Row("ref", 9, 0, 0.0, 0.1), Row("c", 9, 0, 0.0, 0.1), Row("rtl", 0, 0, 0.0, 0.0, "no Verilator")]
    monkeypatch.setattr("bittrue.cli.sim._rows", lambda *given: rows)
    monkeypatch.setattr("bittrue.apps.dpd.verdict.is_predistorter", lambda net: False)
    found = printed(capsys, "sim", "net")
    assert found["equal"] and found["interval"] == default_interval(net)
    assert [row["leg"] for row in found["executions"]] == ["ref", "c", "rtl"]
    assert found["executions"][2]["reason"] == "no Verilator"
    monkeypatch.setattr("bittrue.apps.dpd.verdict.is_predistorter", lambda net: True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["sim", "net"]) == 0
    assert "no measured data and no figures of the amplifier, for lack of opendpd" in capsys.readouterr().err
    rows[1] = Row("c", 9, 4, 0.0, 0.1)
    assert not printed(capsys, "sim", "net", code=1)["equal"]
    rows[1:] = []
    assert main(["sim", "net", "--json"]) == 2


# ---- -v -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "levels"), [([], "w"), (["-v"], "wi"), (["-vv"], "wid"), (["-vvv"], "wid")])
def test_more_is_said_with_every_v(net, capsys, monkeypatch, options, levels):
    log = logging.getLogger("bittrue.somewhere")

    def call(path):
        for level in (log.warning, log.info, log.debug):
            level("%s", level.__name__[0])

    monkeypatch.setattr("bittrue.cli.c.api.c", lambda net, folder: call(net) or [])
    assert main(["c", "net", "-o", "c", *options]) == 0
    assert capsys.readouterr().err.split() == [word for level in levels for word in ("bittrue:", level)]


def test_a_build_is_logged(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("BITTRUE_BUILD", str(tmp_path))
    caplog.set_level(logging.INFO, "bittrue")
    final = cache.cache_dir("c", "0123")
    assert caplog.messages == []
    cache.publish(cache.staging_dir(final), final)
    assert cache.cache_dir("c", "0123") == final
    assert caplog.messages == [f"c: building in {final}", f"c: built before, in {final}"]


# ---- caches ---------------------------------------------------------------------------------------------------------


def test_caches_are_in_the_checkout_or_where_the_platform_has_them(tmp_path, monkeypatch):
    monkeypatch.delenv("BITTRUE_BUILD", raising=False)
    assert cache.build_root() == Path(__file__).parents[2] / "build"
    monkeypatch.setattr(cache, "checkout", lambda: None)
    pytest.importorskip("platformdirs")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert cache.build_root() == tmp_path / "caches" / "bittrue"
    monkeypatch.setenv("BITTRUE_BUILD", str(tmp_path / "here"))
    assert cache.build_root() == tmp_path / "here"
