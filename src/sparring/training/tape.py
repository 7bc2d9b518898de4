"""Recordings on a processor: the operations of a step, one after the other, without Python and autograd between them.

`make_fx` watches what a step computes, gradients included, and TorchScript's interpreter does it again. Its language is
on its way out, and nothing is written in it here; where torch has no interpreter any more, steps cannot be recorded.
"""

import warnings
from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor, fx

from sparring.data.batches import Images
from sparring.training.recording import Perform, Turn

ONE = "one"
DETACH, TURN = torch.ops.aten.detach.default, torch.ops.aten.t.default
COPY_AS = torch.ops.aten.view_copy.dtype
"""What a view of other numbers becomes, which the interpreter does not know."""
BATCH_NORM, HONEST = torch.ops.aten.native_batch_norm.default, torch.ops.aten._native_batch_norm_legit.default
"""An operation that does not say that it changes running statistics, and the same that does."""
fx.node.has_side_effect(BATCH_NORM)  # or it would be forgotten where only its statistics are wanted


class Tape:
    """A performance as a list of operations: bit for bit what was played.

    Args:
        operations: from the tensors of a batch to the values and gradients of all turns.
        turns: what they left behind when they were recorded.
    """

    def __init__(self, operations: fx.GraphModule, turns: Sequence[Turn]) -> None:
        self._kept = [(turn.terms, len(turn.gradients)) for turn in turns]
        tidy(operations.graph)
        self._operations = _divided(operations)

    @staticmethod
    def rehearse(perform: Perform, batch: Images) -> list[Turn]:
        """As it is."""
        return perform(batch)

    @classmethod
    def record(cls, perform: Perform, batch: Images, other: Self | None) -> tuple[Self, list[Turn]]:
        """Watch while it is played."""
        from torch.fx.experimental.proxy_tensor import make_fx  # takes a second, and most runs never need it

        turns: list[Turn] = []

        def watched(*tensors: Tensor) -> list[Tensor]:
            given = iter(tensors)
            turns[:] = perform(batch.map(lambda one: next(given)))
            return [tensor for turn in turns for tensor in (turn.values, *turn.gradients)]

        try:
            return cls(make_fx(watched)(*batch.tensors()), turns), turns
        except Exception as error:  # of many sorts, some of torch's own
            raise RuntimeError(f"this step cannot be recorded: {error}; speed=exact plays it as it is") from error

    @torch.no_grad()
    def replay(self, batch: Images) -> list[Turn]:
        """Play it on another batch."""
        # optimised, sums would be taken in another order
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            made = iter(self._operations(*batch.tensors()))
        return [Turn(terms, next(made), [next(made) for _ in range(count)]) for terms, count in self._kept]


def tidy(graph: fx.Graph) -> None:
    """Leave out what changes nothing: tensors detached where no slope is taken, and matrices turned and turned back."""
    for node in graph.nodes:
        if node.target is DETACH:
            _replace(node, node.args[0])
        elif node.target is TURN and node.args[0].target is TURN:
            before = node.args[0]
            _replace(node, before.args[0])
            if not before.users:
                graph.erase_node(before)


def _replace(node: fx.Node, other: fx.Node) -> None:
    node.replace_all_uses_with(other)
    node.graph.erase_node(node)


def _divided(operations: fx.GraphModule) -> fx.GraphModule:
    """The same, interpreted but for operations that change the tensors of a list, which the interpreter leaves out.

    These are the steps of optimisers, a few in each turn.
    """
    from torch.fx.passes.split_module import split_module

    number, numbers = 0, {}
    for node in operations.graph.nodes:
        begins = _changes_a_list(node) != _changes_a_list(node.prev)
        number += begins
        numbers[node] = number
    whole = split_module(operations, None, numbers.__getitem__, keep_original_order=True)  # type: ignore[arg-type]
    for name, part in list(whole.named_children()):
        if isinstance(part, fx.GraphModule) and not any(map(_changes_a_list, part.graph.nodes)):
            setattr(whole, name, _interpreted(part))
        elif isinstance(part, fx.GraphModule):
            _at_hand(part)
    _at_hand(whole)
    return whole


def _at_hand(operations: fx.GraphModule) -> None:
    """Make its tensors plain attributes, as modules look long for theirs."""
    for node in operations.graph.find_nodes(op="get_attr"):
        vars(operations)[node.target] = getattr(operations, node.target)


def _changes_a_list(node: fx.Node) -> bool:
    if not isinstance(node.target, torch._ops.OpOverload):
        return False
    arguments = node.target._schema.arguments
    return any(one.alias_info is not None and one.alias_info.is_write and "List" in str(one.type) for one in arguments)


def _interpreted(operations: fx.GraphModule) -> Any:
    """The same for TorchScript's interpreter.

    Raises:
        RuntimeError: it does not know one of the operations.
    """
    # it would turn a product with a sum into two operations, which rounds otherwise, if it knew this to be 1
    setattr(operations, ONE, 1)
    for node in operations.graph.nodes:
        if node.target is torch.ops.aten.addmm.default and not node.kwargs:
            with operations.graph.inserting_before(node), warnings.catch_warnings(action="ignore"):
                node.kwargs = {"beta": operations.graph.get_attr(ONE)}
        if node.target is BATCH_NORM and node.args[3] is not None:
            node.target = HONEST
        if node.target is torch.ops.aten.view.dtype:
            node.target, node.args, node.kwargs = COPY_AS, node.args[:1], {"dtype": node.args[1]}
        if isinstance(node.target, torch._ops.OpOverload):
            node.target = node.target.overloadpacket
    operations.recompile()
    with warnings.catch_warnings(action="ignore"):
        return torch.jit.script(operations)
