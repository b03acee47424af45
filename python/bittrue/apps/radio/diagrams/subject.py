"""What the pictures are of: a configuration, and the built-in one of the other stage for what it does not say."""

from __future__ import annotations

from dataclasses import dataclass

from bittrue.apps.radio.configuration import (
    DIFFUSION,
    SHIPPED,
    Configuration,
    DiffusionFile,
    FirstStageFile,
    builtin,
    parse,
)
from bittrue.apps.radio.configuration_keys import Diffusion, FirstStage, Trainer


@dataclass(frozen=True)
class Subject:
    """Both stages, one of them from a built-in configuration.

    Parameters
    ----------
    name : str
        Of the configuration, for the captions.
    given : Configuration
        What was asked for.
    stage : FirstStage
        The autoencoder, as given.
    model : Diffusion
        The diffusion model, built in where a first stage was given.
    first, second : Trainer
        Of the two stages.
    """

    name: str
    given: Configuration
    stage: FirstStage
    model: Diffusion
    first: Trainer
    second: Trainer

    @property
    def source(self) -> str:
        """What stands at the foot of every picture."""
        other = SHIPPED[0] if self.given.stage == DIFFUSION else SHIPPED[1]
        what = "training of the first stage" if self.given.stage == DIFFUSION else "diffusion model"
        return f"drawn from {self.name}; {what} from the built-in {other}"

    @property
    def latent(self) -> tuple[int, int, int]:
        """Channels, height and width of the latent at the configured resolution."""
        height, width = self.stage.ddconfig.resolution
        factor = self.stage.ddconfig.factor
        return self.stage.embed_dim, height // factor, width // factor


def subject(given: Configuration, name: str) -> Subject:
    """Of a configuration."""
    other = SHIPPED[0] if isinstance(given, DiffusionFile) else SHIPPED[1]
    rest = parse(builtin(other), f"configuration {other}")
    if isinstance(given, DiffusionFile):
        return Subject(name, given, given.first_stage, given.model, rest.trainer, given.trainer)
    assert isinstance(given, FirstStageFile) and isinstance(rest, DiffusionFile)
    return Subject(name, given, given.first_stage, rest.model, given.trainer, rest.trainer)
