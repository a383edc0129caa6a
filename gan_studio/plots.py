"""Which curves share a plot, and how such a plot is to be read: in the window and in a report alike."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One of the plots."""

    title: str
    about: str
    prefix: str = ""  # of its curves' names, left out in a legend
    height: int = 2  # weight among the plots
    unit_range: bool = False  # 0 to 1
    ideal: float | None = None  # a faint line
    always: tuple[float, ...] = ()  # heights that are seen even where no value is as far, so that little looks little
    smoothed: bool = True
    measured: bool = False  # what is measured now and then is drawn as points on a line, and never smoothed
    log: bool = False  # on paper, where nobody can ask for it


KINDS = {
    "losses": Kind("Losses", "What D and G minimise, term by term.", height=3),
    "distance": Kind(
        "Distance",
        "How far generated samples are from real ones. Lines are what D estimates; points are measured on samples.\n"
        "The exact distance judges the estimate: a critic knows the Wasserstein distance only up to its own Lipschitz "
        "constant, so trust its course, not its height.",
        "distance/",
        measured=True,
    ),
    "scores": Kind(
        "Scores",
        "What D gives real and generated samples: 0.5 for both when it cannot tell them apart.\n"
        "Points are real samples that are held out: where they fall from D(real) to D(fake), D learns the others by "
        "heart.",
        unit_range=True,
        ideal=0.5,
        measured=True,
    ),
    "overfitting": Kind(
        "Overfitting of D",
        "The share of D's lead, of samples that it is trained on before generated ones, which held-out samples lack: "
        "0 where they please D as much, and at 1 it takes them for generated, so it has learnt the others by heart.\n"
        "r_v of Karras et al. 2020, by D's raw answers to fixed samples. Nothing where D hardly tells samples apart, "
        "or where no samples are held out (data.held_out_share).",
        "overfitting/",
        ideal=0.0,
        always=(0.0, 1.0),
        smoothed=False,
        measured=True,
    ),
    "psnr": Kind(
        "PSNR",
        "How near translations of held-out pictures come to the truth, in decibels: more is better. Flat lines are "
        "what needs no training.\nA sharp picture that is a little beside the truth measures worse than a blurred one.",
        "psnr/",
        smoothed=False,
        measured=True,
    ),
    "ssim": Kind(
        "SSIM",
        "How alike translations of held-out pictures and the truth are in structure: 1 is equal. Flat lines are what "
        "needs no training.",
        "ssim/",
        smoothed=False,
        measured=True,
    ),
    "modes": Kind("Modes", "How many modes of the data the samples reach.", "modes/", smoothed=False, measured=True),
    "quality": Kind(
        "High quality",
        "The share of the samples that lie near a mode of the data.",
        "modes/",
        unit_range=True,
        smoothed=False,
        measured=True,
    ),
    "diversity": Kind(
        "Diversity",
        "How far apart two samples are, beside how far apart two real ones are: 1 is as varied as the data, 0 is one "
        "and the same sample.\nA fall says more than the height: what is wild is varied, too.",
        "diversity/",
        ideal=1.0,
        smoothed=False,
        measured=True,
    ),
    "metrics": Kind(
        "Metrics",
        "How good checkpoints are, by the metrics that they were measured with; the Evaluate tab has their intervals.",
        "metrics/",
        smoothed=False,
        measured=True,
    ),
    "shares": Kind(
        "Metrics from 0 to 1",
        "Those of the metrics of checkpoints that are shares, 1 being all.",
        "metrics/",
        unit_range=True,
        smoothed=False,
        measured=True,
    ),
    "gradients": Kind(
        "Gradients",
        "Norm of the gradient of each player's loss by its weights. Near 0 nothing is learned, and spikes tear apart.",
        "gradient/",
        log=True,
    ),
    "slope": Kind(
        "Slope of D",
        "Norm of D's gradient by its input, where a penalty looks. The gradient penalty of WGAN-GP pulls it to 1.",
        "slope/",
        ideal=1.0,
    ),
    "rates": Kind("Learning rates", "Of both optimisers, with their schedules.", "rate/", smoothed=False, log=True),
    "speed": Kind("Speed", "How fast the training goes.", "speed/"),
    "more": Kind("More", "Other curves of this recipe."),
}
_OF_PREFIX = {
    "D/": "losses",
    "G/": "losses",
    "distance/": "distance",
    "gradient/": "gradients",
    "slope/": "slope",
    "rate/": "rates",
    "speed/": "speed",
    "modes/": "modes",
    "diversity/": "diversity",
    "overfitting/": "overfitting",
    "psnr/": "psnr",
    "ssim/": "ssim",
    "metrics/": "metrics",
}
_OF_NAME = {"D(real)": "scores", "D(fake)": "scores", "D(held out)": "scores", "modes/high quality": "quality"}
_OF_NAME |= {
    f"metrics/{share}": "shares" for share in ("precision", "recall", "coverage", "quality", "ssim", "ms_ssim")
}


def kind_of(name: str) -> str:
    """The key in `KINDS` of the plot that a curve belongs to."""
    prefix, slash, _ = name.partition("/")
    return _OF_NAME.get(name) or _OF_PREFIX.get(prefix + slash, "more")
