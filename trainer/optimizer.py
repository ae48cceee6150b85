"""Adam as Tacotron 2 uses it."""

import inspect

import torch
from torch import nn

from trainer.hparams import HParams

_RECURRENT = (nn.LSTM, nn.LSTMCell, nn.GRU)
_NORMS = (nn.BatchNorm1d,)


class Adam(torch.optim.Adam):
    """torch's own, for programs that compile nothing.

    torch wraps these methods in marks for ``torch.compile``. Calling one imports the whole
    compiler, which takes as long as a dozen steps of a small model; what is wrapped is the same.
    """

    add_param_group = inspect.unwrap(torch.optim.Adam.add_param_group)
    state_dict = inspect.unwrap(torch.optim.Adam.state_dict)
    load_state_dict = inspect.unwrap(torch.optim.Adam.load_state_dict)
    zero_grad = inspect.unwrap(torch.optim.Adam.zero_grad)
    step = torch.no_grad()(inspect.unwrap(torch.optim.Adam.step))


def build_optimizer(model: nn.Module, hparams: HParams) -> Adam:
    """Fused Adam; weight decay spares recurrent weights, norms and biases."""
    spared = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, (*_RECURRENT, *_NORMS))
        for parameter in module.parameters(recurse=False)
    }
    spared |= {id(p) for name, p in model.named_parameters() if name.endswith("bias")}
    parameters = list(model.parameters())
    groups = [
        {
            "params": [p for p in parameters if id(p) not in spared],
            "weight_decay": hparams.weight_decay,
        },
        {"params": [p for p in parameters if id(p) in spared], "weight_decay": 0.0},
    ]
    return Adam(groups, lr=hparams.learning_rate, eps=hparams.adam_epsilon, fused=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Use ``rate`` from the next step on."""
    for group in optimizer.param_groups:
        group["lr"] = rate
