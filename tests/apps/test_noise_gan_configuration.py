"""The dictionary of the noise GANs: public documents load, wrong ones are refused with the nearest right word."""

import json

import pytest
from noise_gan_small import STFT, WAVE, small

from bittrue.apps.noise.gan import reading
from bittrue.apps.noise.gan.configuration import DEFAULTS, checked, leaves, merged
from bittrue.apps.noise.gan.plan import PSKGAN, STFTGAN, WAVEGAN, plan
from bittrue.apps.noise.shelf import SHELF
from bittrue.errors import BadInput

NOISEGAN = """specs_dict = {'save_model': True,  # a comment
              'epochs': 500, 'D_updates': 1, 'eval_model': True, "latent_type": "uniform",
              "num_gpus": 1, "start_gpu": 0,
              'model_specs': {"model_levels": 5, 'num_channels': 2, 'weight_init': 'kaiming_normal',
                  'scale_factor': 2, "kernel_size": 5, "wavegan": False, "phase_shuffle": False,
                  "gan_bias": False, 'latent_dim': 100, "gen_batch_norm": False, 'use_tanh': True},
              'dataloader_specs': {
                    'dataset_specs': {'data_scaler': 'feature_min_max', "pad_signal": True,
                        'data_set': "FBM/FBM_fixed_H50", 'transform_type': "stft", 'nperseg': 128,
                        'noverlap': 0.5, 'fft_shift': False, 'data_rep': "IQ", 'quantize': None},
                    'batch_size':  128},
              'optim_params': {'D': {'lr': 0.0001, 'betas': (0.0, 0.9)}, 'G': {'lr': 0.0001, 'betas': (0.0, 0.9)}}}
"""
OFDMGAN = """specs_dict = {'save_model': True, 'eval_model': True, "checkpoint": None, "num_gpus": 2, "start_gpu": 0,
              'epochs': 1, "model_type": "%s", 'D_updates': 1, 'weight_init': 'kaiming_normal', 'stride': 2,
              "kernel_size": 4, "latent_type": "uniform", "progressive_kernels": False, "model_levels": 4,
              'num_channels': 2, "phase_shuffle": False,
              'dataloader_specs': {'dataset_specs': {'data_scaler': "feature_min_max",
                        'data_set': "/allocation_sets/mod16_iq_random_cp_long_128fft_rblocks1_subs36_evm-25",
                        'num_samples': 0, "pad_signal": False, 'stft':  False, 'nperseg': 128, 'fft_shift': False},
                    'batch_size': 128},
              'optim_params': {'D': {'lr': 0.0001, 'betas': (0.0, 0.9)}, 'G': {'lr': 0.0001, 'betas': (0.0, 0.9)}}}
"""


def parsed(content, suffix=".py"):
    return reading.configured(reading.READERS[suffix](content.encode(), "x"), "x")


def test_the_defaults_are_those_of_the_document():
    assert checked({}).table == DEFAULTS
    assert len(leaves(DEFAULTS)) == 8 + 12 + 12 + 4 + 2  # the last two, seed and max_channels, are bittrue's own
    made = plan(checked({}), 960, True)
    assert (made.model, made.sizes, made.base) == (PSKGAN, (960,), (30,))


def test_noisegans_document_is_an_stft_gan():
    made = plan(parsed(NOISEGAN), 4096, False)
    assert (made.model, made.sizes, made.base, made.channels, made.changed) == (STFTGAN, (65, 65), (2, 2), 2, ())
    assert made.settings.model_specs.receptive_field_type == "standard"


def test_ofdmgans_document_is_what_its_model_type_says():
    kinds = {"stftgan": (STFTGAN, (128, 33)), "wavegan": (WAVEGAN, (1024,)), "pskgan": (PSKGAN, (1024,))}
    for kind, (model, sizes) in kinds.items():
        made = plan(parsed(OFDMGAN % kind), 960, True)
        assert (made.model, made.sizes, made.channels) == (model, sizes, 2)
    with pytest.raises(BadInput, match=r"model_type is 'stft-gan'.*did you mean stftgan"):
        parsed(OFDMGAN % "stft-gan")


@pytest.mark.parametrize("name", ["psk-gan", "stft-gan", "wavegan"])
def test_recipes_are_dictionaries(name):
    content, what, _ = SHELF.find(name)
    assert reading.configured(reading.READERS[".toml"](content, what), what).settings.epochs == 500


def test_wavegan_sets_what_it_needs_and_says_what_it_replaced():
    made = plan(small(WAVE, {"D_updates": 2, "model_specs": {"kernel_size": 25}}), 200, False)
    settings = made.settings
    assert made.changed == ("D_updates",) and settings.D_updates == 5 and made.padded == 256
    specs = settings.model_specs
    assert (specs.scale_factor, specs.kernel_size, specs.gan_bias, specs.num_channels) == (4, 25, True, 1)
    assert (specs.receptive_field_type, specs.phase_shuffle) == ("standard", True)
    assert settings.optim_params.D.betas == settings.optim_params.G.betas == (0.5, 0.9)
    assert settings.data.transform_type == "none" and settings.data.nperseg == 0


@pytest.mark.parametrize("over", [{}, WAVE, STFT, {"dataloader_specs": {"dataset_specs": {"quantize": "channel"}}}])
def test_the_dictionary_of_a_plan_has_the_same_plan(over):
    for is_complex in (False, True):
        made = plan(small(over), 256, is_complex)
        again = plan(checked(made.configuration.table), 256, is_complex)
        assert again.settings == made.settings and (again.sizes, again.model) == (made.sizes, made.model)
        assert again.changed == ()


def test_the_whole_document_with_stft_is_an_stft_gan():
    data = {"dataloader_specs": {"dataset_specs": {"stft": True, "nperseg": 128}}}
    made = plan(checked(merged(DEFAULTS, data)), 4096, False)
    assert (made.sizes, made.settings.model_specs.kernel_size) == ((65, 65), 5)
    assert made.changed == ("kernel_size", "receptive_field_type", "phase_shuffle")


def test_json_and_toml_and_python_say_the_same():
    table = {"epochs": 3, "optim_params": {"G": {"betas": [0.5, 0.9]}}, "checkpoint": None}
    toml = 'epochs = 3\ncheckpoint = "None"\n[optim_params.G]\nbetas = [0.5, 0.9]\n'
    found = [parsed(json.dumps(table), ".json"), parsed(toml, ".toml"), parsed(repr(table))]
    assert found[0].settings == found[1].settings == found[2].settings
    assert found[0].settings.optim_params.G.betas == (0.5, 0.9) and found[0].settings.checkpoint == ""


def test_a_python_file_is_never_executed(tmp_path):
    path = tmp_path / "specs.py"
    path.write_text(f"specs = {{'epochs': open({str(tmp_path / 'made')!r}, 'w')}}")
    with pytest.raises(BadInput, match="nothing in it is executed"):
        reading.load(path)
    path.write_text(f"open({str(tmp_path / 'made')!r}, 'w')\nspecs = {{'epochs': 7}}")
    assert reading.load(path).settings.epochs == 7 and not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (
            {"model_specs": {"kernel_sise": 5}},
            r"unknown key model_specs.kernel_sise.*mean model_specs.kernel_size",
        ),
        ({"epoch": 5}, "unknown key epoch; .*did you mean epochs"),
        ({"model_specs": {"weight_init": "kaiming"}}, "weight_init is 'kaiming'; choose .*did you mean kaiming_"),
        ({"model_specs": {"receptive_field_type": "dilated"}}, "did you mean dilation"),
        ({"dataloader_specs": {"dataset_specs": {"data_rep": "log_mag_iq"}}}, "did you mean log_mag_IQ"),
        ({"model_specs": 5}, r"a section \[model_specs\] is needed"),
        ({"model_specs": {"latent_dim": 10**9}}, "latent_dim is 1000000000; it must be 1 to 65,536"),
        ({"model_specs": {"wavegan": 1}}, "wavegan is 1; it must be of type bool"),
        ({"epochs": None}, "epochs is None; give a value"),
        ({"epochs": 0}, "epochs is 0"),
        ({"optim_params": {"D": {"betas": [0.0]}}}, "optim_params.D.betas is .*two numbers"),
        ({"dataloader_specs": {"dataset_specs": {"data_set": "../../etc"}}}, "data_set is '../../etc'"),
        ({"dataloader_specs": {"dataset_specs": {"data_set": "/etc"}}}, "data_set is '/etc'"),
        ([], "a dictionary is needed"),
    ],
)
def test_what_is_wrong_is_named(table, complaint):
    with pytest.raises(BadInput, match=complaint):
        checked(table)


@pytest.mark.parametrize(
    ("text", "suffix", "complaint"),
    [
        ("a = {}\nb = {}", ".py", "2 dictionaries"),
        ("x = 3", ".py", "0 dictionaries"),
        ("{'a': 1", ".py", "damaged or of another kind"),
        ("{" * 5000, ".py", "damaged or of another kind"),
        ("{,}", ".json", "is not JSON"),
        ("a = ", ".toml", "is not TOML"),
    ],
)
def test_files_of_another_kind_are_refused(text, suffix, complaint):
    with pytest.raises(BadInput, match=complaint):
        parsed(text, suffix)


def test_an_nperseg_that_fits_nothing_is_refused_with_those_that_fit():
    full = {"model_specs": {"model_levels": 5}}
    with pytest.raises(BadInput, match=r"nperseg is 100.*take 64 or 128 or 256"):
        plan(small(STFT, full, {"dataloader_specs": {"dataset_specs": {"nperseg": 100}}}), 4096, False)
    with pytest.raises(BadInput, match=r"512: spectra of 257 x 17 are no multiple of 32.*take 64 or 128 or 256"):
        plan(small(STFT, full, {"dataloader_specs": {"dataset_specs": {"nperseg": 512}}}), 4096, False)
    with pytest.raises(BadInput, match="noverlap is 0: Hann windows are zero at their ends"):
        plan(small(STFT, {"dataloader_specs": {"dataset_specs": {"noverlap": 0}}}), 4096, False)
    with pytest.raises(BadInput, match="take fewer model_levels"):
        plan(small(STFT, {"model_specs": {"model_levels": 9}}), 4096, False)


@pytest.mark.parametrize(
    ("over", "length", "complaint"),
    [
        ({}, 100, "are no multiple of 8 .*to 104"),
        ({"model_specs": {"num_channels": 2}}, 256, "the signals are real; set num_channels to 1"),
        ({"dataloader_specs": {"dataset_specs": {"pad_signal": 100}}}, 256, "pad_signal is 100"),
        ({"model_specs": {"receptive_field_type": "standard", "kernel_size": 3, "scale_factor": 4}}, 256, "3 taps"),
        ({"dataloader_specs": {"batch_size": 60000}, "model_specs": {"max_channels": 1024}}, 1 << 16, "GiB of memory"),
    ],
)
def test_shapes_that_cannot_be_are_refused(over, length, complaint):
    with pytest.raises(BadInput, match=complaint):
        plan(small(over), length, False)
