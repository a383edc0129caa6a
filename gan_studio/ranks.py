"""The processes that train one run together, as torchrun starts them. One alone is rank 0 of 1: all of this is nothing.

Rank 0 conducts: it alone has the run folder, the commands and the clock. The others take the same steps, each on its
share of every batch; gradients are averaged after each backward pass, so that penalties with second derivatives work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

PATIENCE = timedelta(days=365)  # a paused training keeps the others waiting; a process that dies is noticed at once


class Ranks:
    """One process among those that train together."""

    def __init__(self, rank: int = 0, world: int = 1):
        self.rank, self.world = rank, world
        self._seed = 0  # of what all ranks draw alike in this step
        self._drawn: Any = None  # how their generators stood after the last such draw
        self._orders: Any = None  # the group that orders travel in

    @property
    def are_many(self) -> bool:
        return self.world > 1

    # shares of one step

    def begin(self, seed: int) -> None:
        """The step whose common draws begin at this seed."""
        self._seed, self._drawn = seed, None

    def draw(self, draw: Callable[[int], Tensor], count: int) -> Tensor:
        """This rank's [count, ...] of what one process alone would draw; the rank's own random numbers go on."""
        if not self.are_many:
            return draw(count)
        import torch

        here = cards()
        with torch.random.fork_rng(devices=here):
            if self._drawn is None:
                torch.manual_seed(self._seed)
            else:  # the next draw of this step goes on from there
                torch.set_rng_state(self._drawn[0])
                for card, state in self._drawn[1].items():
                    torch.cuda.set_rng_state(state, card)
            x = draw(count * self.world)
            self._drawn = torch.get_rng_state(), {card: torch.cuda.get_rng_state(card) for card in here}
            return self.share(x)

    def share(self, x: Tensor) -> Tensor:
        """This rank's rows of a batch [N, ...] that all of them hold; N is a multiple of their number."""
        return x.chunk(self.world)[self.rank] if self.are_many else x

    def mean_gradients(self, weights: Iterable[Tensor]) -> None:
        """Replace each gradient by its mean over the ranks: that of the whole batch."""
        if not self.are_many:
            return
        import torch

        gradients = [weight.grad for weight in weights if weight.grad is not None]
        flat = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view(gradient.shape))

    def mean(self, x: Tensor) -> Tensor:
        """The mean over the ranks, in place; all of them call it."""
        if self.are_many:
            from torch import distributed

            distributed.all_reduce(x)
            x /= self.world
        return x

    # orders

    def tell(self, order: object) -> None:
        """From rank 0 to the others, each of which waits in `hear`."""
        if self.are_many:
            self._broadcast(order)

    def hear(self) -> Any:
        return self._broadcast(None)

    def _broadcast(self, order: object) -> object:
        from torch import distributed

        mail = [order]
        distributed.broadcast_object_list(mail, src=0, group=self._orders)
        return mail[0]

    # the group

    def join(self) -> None:
        """Meet the others. Raises RuntimeError where they cannot be reached."""
        import torch
        from torch import distributed

        cuda = torch.cuda.is_available()
        if cuda:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", self.rank)))
        distributed.init_process_group("nccl" if cuda else "gloo", timeout=PATIENCE)
        self._orders = distributed.new_group(backend="gloo", timeout=PATIENCE)  # NCCL would keep the card busy waiting

    def leave(self) -> None:
        from torch import distributed

        if distributed.is_initialized():
            distributed.destroy_process_group()


def cards() -> list[int]:
    """The graphics card of this process, where there is one."""
    import torch

    return [torch.cuda.current_device()] if torch.cuda.is_available() else []


ALONE = Ranks()


def from_environment() -> Ranks:
    """What torchrun says this process is; `ALONE` where it did not start it."""
    world = int(os.environ.get("WORLD_SIZE", 1))
    return Ranks(int(os.environ.get("RANK", 0)), world) if world > 1 else ALONE
