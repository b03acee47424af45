"""Training configurations: the published keys as they are, wrong ones with the nearest, and the pictures of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bittrue.apps.radio.configuration import DIFFUSION, FIRST_STAGE, SHIPPED, builtin, load, parse
from bittrue.apps.radio.diagrams import counts
from bittrue.apps.radio.diagrams.diagrams import PICTURES, draw
from bittrue.apps.radio.diagrams.subject import subject
from bittrue.apps.radio.schedule import rate
from bittrue.apps.radio.yaml_text import document
from bittrue.cli import main
from bittrue.errors import BadInput

FIRST, SECOND = (builtin(name) for name in SHIPPED)


def keys(table: dict, prefix: str = "") -> set[str]:
    found = set()
    for key, value in table.items():
        found |= keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key}
    return found


def test_the_built_in_files_have_the_published_values():
    vae, ldm = (load(name) for name in SHIPPED)
    assert (vae.stage, ldm.stage) == (FIRST_STAGE, DIFFUSION)
    assert vae.model.ddconfig.ch_mult == (1, 2, 4) and vae.model.ddconfig.factor == 4
    assert vae.model.lossconfig.disc_start == 50001 and vae.model.lossconfig.kl_weight == 1e-6
    assert (vae.trainer.lr, vae.trainer.min_lr, vae.trainer.train_num_steps) == (5e-6, 5e-7, 150000)
    assert (ldm.trainer.lr, ldm.trainer.min_lr, ldm.trainer.gradient_accumulate_every) == (5e-5, 5e-6, 8)
    assert ldm.model.scale_factor == 0.3 and ldm.model.eps == 1e-4 and ldm.model.unet.window_sizes1[0] == (8, 8)
    assert not ldm.origin_compatible and ldm.model.unet.DPMCARK is False and ldm.finetune.ckpt_path is None


def test_all_published_keys_are_in_them():
    assert len(keys(document(FIRST, "f"))) == 27 and len(keys(document(SECOND, "f"))) == 69
    assert {"trainer.ema_update_every", "model.unet.cond_feature_size", "data.batch_size"} <= keys(
        document(SECOND, "f")
    )


@pytest.mark.parametrize("name", ["first_radio", "first_radio.yaml", "radio_train_m.yaml"])
def test_a_built_in_configuration_goes_by_its_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load(name) == parse(builtin(name.removesuffix(".yaml")), name)


CHANGES = [
    (FIRST, "gradient_accumulate_every: 2", "gradient_accumulate_every: 0", "accumulate_every is 0; it must be 1 to"),
    (FIRST, "  lr: !!float 5e-6\n", "", "key trainer.lr is missing; add it"),
    (FIRST, "ch_mult:", "ch_mul:", "did you mean model.ddconfig.ch_mult?"),
    (FIRST, "data:", "date:", "unknown key date; .* did you mean data?"),
    (FIRST, "name: radio", "name: DMPK", "data name 'DMPK' is unknown.* did you mean DPMK?"),
    (FIRST, "ch: 128", "ch: many", "model.ddconfig.ch is 'many'; it must be of type int"),
    (FIRST, "[320, 320]", "[320, 322]", "two halvings|2 halvings need multiples of 4"),
    (FIRST, "[320, 320]", "[320]", "two sides are needed"),
    (FIRST, "double_z: true", "double_z: false", "it must be True"),
    (FIRST, "min_lr: !!float 5e-7", "min_lr: 1", "least rate must not be above the first"),
    (FIRST, "lr: !!float 5e-6", "lr: .nan", "trainer.lr is nan; a finite number"),
    (FIRST, "lr: !!float 5e-6", "lr: &a 5", "uses an anchor"),
    (FIRST, "amp: false", "amp: !!python/object/apply:os.system [x]", "holds a value of kind"),
    (FIRST, "amp: false", "amp: false\n  amp: true", "gives 'amp' a second time"),
    (FIRST, "amp: false", "amp: [false", "is not YAML"),
    (
        FIRST,
        "disc_in_channels: 1",
        "disc_in_channels: 3",
        "model.lossconfig.disc_in_channels is 3; radio maps have one",
    ),
    (FIRST, "out_ch: 1", "out_ch: 2", "model.ddconfig.out_ch is 2; radio maps have one"),
    (FIRST, "data:", "origin_compatible: [clp]\ndata:", r"compatible\[0\] is 'clp'; choose .*did you mean clip\?"),
    (FIRST, "data:", "origin_compatible: [skip]\ndata:", r"is 'skip'; choose passes or clip or logvar or floor"),
    (FIRST, "data:", "origin_compatible: 1\ndata:", "is 1; give true, false or a list of passes, clip, logvar, floor"),
    (SECOND, "cond_in_dim: 3", "cond_in_dim: 5", "model.unet.cond_in_dim is 5; the net takes three channels"),
    (SECOND, "s1: [[8, 8],", "s1: [[0, 8],", r"window_sizes1\[0\] is \(0, 8\); it must be 1 to"),
    (SECOND, "s1: [[8, 8],", "s1: [[8],", r"window_sizes1\[0\] is \[8\]; two sides are needed"),
    (SECOND, "  first_stage:\n", "  first_stages:\n", "did you mean model.first_stage?"),
    (SECOND, "model_type: const_sde", "model_type: const_sd", "did you mean const_sde?"),
    (SECOND, "    channels: 3\n", "    channels: 4\n", "unet.channels is 4 and first_stage.embed_dim 3"),
    (SECOND, "dim_mults: [1, 2, 4, 4]", "dim_mults: [1, 2, 4]", "window_sizes1 has 4 windows for 3 levels"),
]


@pytest.mark.parametrize(
    ("content", "old", "new", "sentence"), CHANGES, ids=lambda v: v[:24] if isinstance(v, str) else ""
)
def test_what_is_wrong_is_named(content, old, new, sentence):
    assert old.encode() in content
    with pytest.raises(BadInput, match=sentence) as found:
        parse(content.replace(old.encode(), new.encode(), 1), "mine.yaml")
    assert str(found.value).startswith("mine.yaml") and "\n" not in str(found.value)


def test_each_published_fault_is_asked_for_alone_or_all_are():
    def asked(content: bytes, value: str) -> tuple[str, ...]:
        return parse(content + f"origin_compatible: {value}\n".encode(), "mine.yaml").origin_compatible

    assert asked(FIRST, "true") == ("passes", "clip", "logvar", "floor", "divisor")
    assert asked(SECOND, "true") == ("skip", "floor", "divisor")
    assert asked(FIRST, "[floor, clip, floor]") == ("clip", "floor") and asked(SECOND, "[skip]") == ("skip",)
    assert asked(FIRST, "false") == asked(FIRST, "[]") == parse(FIRST, "mine.yaml").origin_compatible == ()


@pytest.mark.parametrize("content", [b"", b"- 1\n", b"x" * 100_000, b"\xff\xfe", b"a: {" * 80 + b"}" * 80])
def test_what_is_no_configuration_is_refused(content):
    with pytest.raises(BadInput):
        parse(content, "mine.yaml")


def test_the_file_of_one_stage_needs_no_key_of_the_other():
    less = SECOND.replace(b"  first_stage:\n", b"  ckpt:\n")
    with pytest.raises(BadInput, match="model"):
        parse(less, "mine.yaml")


def test_the_rate_falls_to_its_floor():
    trainer = load("radio_train_m").trainer
    assert rate(0, trainer, DIFFUSION) == rate(0, trainer, DIFFUSION, True) == 5e-5
    assert rate(25_000, trainer, DIFFUSION) == pytest.approx(5e-5 * 0.5**0.96)
    assert rate(50_000, trainer, DIFFUSION) == 5e-6
    assert rate(50_000, trainer, DIFFUSION, True) == pytest.approx(5e-5 * 5e-6)


def test_the_first_stage_has_the_published_numbers_of_weights():
    stage = load("first_radio").first_stage
    assert (counts.encoder(stage), counts.decoder(stage)) == (22_348_934, 32_958_465)
    assert counts.discriminator(stage) == 2_763_585


@pytest.mark.parametrize("name", ["first_radio"])
def test_eight_pictures_are_drawn(tmp_path, name):
    files = draw(name, tmp_path / "pictures")
    assert {path.stem for path in files} == set(PICTURES) and len(files) == 16
    for path in files:
        if path.suffix == ".png":
            picture = np.asarray(Image.open(path).convert("L"))
            assert picture.shape == (1080, 1920) and 0.005 < (picture < 128).mean() < 0.5
        else:
            assert path.read_text(encoding="utf-8").lstrip().startswith("<?xml")


@pytest.mark.parametrize("name", ["learning_rate", "loss_components", "vae_architecture"])
def test_a_picture_follows_its_configuration(name):
    def drawn(content: bytes) -> bytes:
        return PICTURES[name](subject(parse(content, "f"), "f")).svg()

    changed = FIRST.replace(b"disc_start: 50001", b"disc_start: 777").replace(b"lr: !!float 5e-6", b"lr: 0.125")
    assert drawn(FIRST) == drawn(FIRST) != drawn(changed)
    assert {"learning_rate": b"0.125", "loss_components": b"777", "vae_architecture": b"777"}[name] in drawn(changed)


def test_the_command_refuses_an_unknown_configuration(tmp_path, capsys):
    assert main(["radio", "diagrams", "--cfg", "first_radios", "-o", str(tmp_path / "d")]) == 2
    assert "did you mean first_radio?" in capsys.readouterr().err and not (tmp_path / "d").exists()


def test_a_png_is_what_pillow_reads():
    sheet = PICTURES["learning_rate"](subject(load("first_radio"), "x"))
    assert Image.open(io.BytesIO(sheet.png())).size == (1920, 1080)
