"""Training of a net that predicts a map at once: NMSE over streets, beside baselines."""

from __future__ import annotations

from typing import ClassVar

from torch import Generator

from bittrue.apps.radio.baselines import NOTE
from bittrue.apps.radio.data.maps import RadioMaps
from bittrue.apps.radio.hardware import card, judging
from bittrue.apps.radio.hardware.architecture import drawn_weights
from bittrue.apps.radio.hardware.card import About
from bittrue.apps.radio.hardware.examples import Examples
from bittrue.apps.radio.hardware.inputs import Codes
from bittrue.apps.radio.hardware.judging import FLOAT, INTEGER, UNROUNDED, MapSet, Worth
from bittrue.apps.radio.hardware.recipe import RECIPES, Recipe
from bittrue.apps.radio.hardware.stage import Stage
from bittrue.apps.radio.hardware.train import Task
from bittrue.apps.radio.hardware.trainer import Fitted
from bittrue.apps.radio.hardware.twin import Twin
from bittrue.bars import Step
from bittrue.kit.page import Sheet
from bittrue.kit.training.quantising_stage import QuantisingStage
from bittrue.spec import Net

LEAD = """\
A map of received power, 256 x 256 pixels of a metre, from buildings and a transmitter: a U-Net of
integers, the same in Python and C."""
METHOD = f"""\
Means over maps; grey levels scaled to 0 to 1, black buildings included in NMSE, RMSE, SSIM and PSNR, dB of
path loss over streets. {NOTE[0].upper()}{NOTE[1:]};
synthetic maps are its own, without error there. Held-out
{card.CHOSEN}"""


class MapTask(Task[Worth]):
    """A net of `bittrue.apps.radio.hardware.architecture`."""

    recipe: Recipe
    recipes = RECIPES
    looks: ClassVar[str] = "stage,step,nmse"

    def read(self, maps: RadioMaps, step: Step) -> str:
        self.examples = Examples(maps, step)
        return self.examples.digest

    def twin(self) -> Twin:
        return Twin(self.recipe.spec.graph, drawn_weights(self.recipe.spec, self.recipe.seed))

    def stage(self, name: str, twin: Twin, generator: Generator) -> QuantisingStage:
        return Stage(name, self.recipe, twin, self.examples, generator)

    def given(self, index: int) -> Codes:
        codes, _, _ = self.examples.batch([index], [0])
        return codes

    def judged(self, net: Net, fitted: Fitted, found: MapSet, step: Step) -> Worth:
        return judging.judged(net, fitted, found, step)

    def sheet(self, worth: Worth) -> Sheet:
        return card.predicted(f"{worth.title}; means and formulas fitted on {worth.fitted}", worth.means)

    def sentence(self, worth: Worth) -> str:
        """What rounding took, which baselines are better, where it is worst."""
        means = worth.means
        own = means[INTEGER]
        others = {name: one for name, one in means.items() if name not in (FLOAT, UNROUNDED, INTEGER)}
        better = [name for name, one in others.items() if one.nmse <= own.nmse]
        number, worst = worth.worst
        beaten = f"no worse than it: {', '.join(better)}" if better else "all baselines are worse"
        return (
            f"{worth.title}. NMSE of the integer net {own.nmse:.4f}, {100 * worth.loss:+.1f} % by rounding; "
            f"{beaten}; worst city {number} with {worst.nmse:.4f}"
        )

    def about(self, net: Net, fitted: Fitted) -> About:
        batch = f"{self.recipe.train.batch} maps"
        facts = card.facts(RECIPES, self.recipe, net, fitted, "a map", batch, {})
        files = {
            "net.json, weights.safetensors": "the integer net",
            "kat.safetensors": "a known answer: a map of a city that was held out",
            "looks.csv": "NMSE on cities that were held out, by step",
        }
        return About(LEAD, facts, METHOD, files)
