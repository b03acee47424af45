"""Draw what an integer autoencoder gives back, or what an integer diffusion model draws.

    python benchmarks/radio_latent.py FOLDER --data DIR --split S --most 3 -o PICTURE.png

Of an autoencoder: truth, the map by as many principal components (fitted on the maps of ``--train``), the map that the
net gives back, and the errors of both. Of a diffusion model: truth, the first three samples, the mean and the spread of
19. Maps are evenly taken from the split; noise is that of seed 0.
"""

from __future__ import annotations

import argparse
import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np

from bittrue import ref
from bittrue.apps.radio.data.maps import RadioMaps, View
from bittrue.apps.radio.data.scene import Scene
from bittrue.apps.radio.hardware.inputs import Inputs
from bittrue.apps.radio.latent.autoencoder import LATENT
from bittrue.apps.radio.latent.coding import codes, decoded
from bittrue.apps.radio.latent.diffusion_folder import has_diffusion, read
from bittrue.apps.radio.latent.linear_coders import Transform
from bittrue.apps.radio.latent.sampling import Sampler, averaged
from bittrue.apps.radio.measures import judge
from bittrue.apps.radio.propagation.grey import DB_PER_UNIT, PL_MAX, PL_TRUNC
from bittrue.apps.radio.reporting.judging import evenly
from bittrue.files import write_whole
from bittrue.kit.figures import RED, canvas, encoded
from bittrue.spec import load

SAMPLES = 19
Column = tuple[str, np.ndarray, str]
"""Title, values in dB, and ``"gain"``, ``"error"`` or ``"spread"``."""


def gain(levels: np.ndarray) -> np.ndarray:
    """dB."""
    return PL_TRUNC + DB_PER_UNIT * levels / 255.0


def coded(folder: str, scenes: list[Scene], learnt: RadioMaps) -> list[list[Column]]:
    """Rows of an autoencoder."""
    net = load(folder)
    values, transform = net.types[LATENT].shape[0], Transform.fitted(one.truth for one in learnt.scenes())
    rows = []
    for scene in scenes:
        row: list[Column] = [("truth", gain(scene.truth), "gain")]
        own = decoded(ref.run(net, codes(scene.truth)[None].astype(np.int64))[0])
        both = ((f"{values} principal components", transform.coded(scene.truth, values)), (net.name, own))
        for name, one in both:
            psnr = judge(scene.truth, one, scene.buildings).psnr
            row.append((f"{name}: {psnr:.1f} dB", gain(one), "gain"))
        row += [(f"error of {name}", gain(one) - gain(scene.truth), "error") for name, one in both]
        rows.append(row)
    return rows


def drawn(folder: str, scenes: list[Scene]) -> list[list[Column]]:
    """Rows of a diffusion model."""
    sampler = Sampler.on(read(folder), "c")
    rows = []
    for scene in scenes:
        maps = sampler.maps(Inputs(scene.buildings > 0), scene.row, scene.column, 0, SAMPLES)
        row: list[Column] = [("truth", gain(scene.truth), "gain")]
        for name, one in (*((f"sample {k}", maps[k]) for k in range(3)), (f"mean of {SAMPLES}", averaged(maps))):
            rmse = judge(scene.truth, one, scene.buildings).rmse
            row.append((f"{name}: RMSE {rmse:.3f}", gain(one), "gain"))
        row.append(("standard deviation", maps.astype(np.float64).std(0) * DB_PER_UNIT / 255, "spread"))
        rows.append(row)
    return rows


def picture(scenes: list[Scene], rows: list[list[Column]], white: bool) -> bytes:
    """A row a map; buildings white where the net makes them black itself."""
    looks = {
        "gain": {"cmap": "viridis", "vmin": PL_TRUNC, "vmax": PL_MAX - 25},
        "error": {"cmap": "RdBu_r", "vmin": -20, "vmax": 20},
        "spread": {"cmap": "magma", "vmin": 0, "vmax": 3},
    }
    figure = canvas(2.7 * len(rows[0]) + 1, 2.8 * len(rows))
    grid = figure.subplots(len(rows), len(rows[0]), squeeze=False)
    shown = {}
    for scene, row, axes in zip(scenes, rows, grid, strict=True):
        for (title, values, kind), place in zip(row, axes, strict=True):
            masked = np.ma.masked_array(values, (scene.buildings > 0) & white)
            shown[kind] = place.imshow(masked, **looks[kind])
            place.set_title(title, fontsize=9)
            place.set_xticks([])
            place.set_yticks([])
        axes[0].plot(scene.column, scene.row, marker="*", markersize=10, color=RED, markeredgecolor="white")
        axes[0].set_ylabel(f"city {scene.number}, transmitter {scene.transmitter}", fontsize=9)
    for kind, image in shown.items():
        label = {"gain": "gain, dB", "error": "too much power, dB", "spread": "standard deviation, dB"}[kind]
        figure.colorbar(image, ax=grid[:, -1], label=label, fraction=0.05, location="right")
    return encoded(figure)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="of an autoencoder or a diffusion model")
    parser.add_argument("--data", help="folder of radio maps (default: found)")
    parser.add_argument("--split", required=True, help="maps to draw, such as 91-100")
    parser.add_argument("--train", default="1-10", help="maps that principal components are fitted on")
    parser.add_argument("--most", type=int, default=3, metavar="N")
    parser.add_argument("-o", "--output", required=True, metavar="PNG")
    arguments = parser.parse_args()
    maps = RadioMaps(arguments.data, View(split=arguments.split))
    scenes = [maps.scene(k) for k in evenly(len(maps), arguments.most)]
    if has_diffusion(arguments.folder):
        rows, white = drawn(arguments.folder, scenes), True
    else:
        rows = coded(arguments.folder, scenes, RadioMaps(arguments.data, View(split=arguments.train)))
        white = False
    write_whole(arguments.output, picture(scenes, rows, white), renew=True)
    print(f"{arguments.output}: {len(rows)} maps")


if __name__ == "__main__":
    main()
