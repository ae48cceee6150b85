"""The published Tacotron 2, plain and slow: the oracle of the parity tests.

Written from the paper (Shen et al. 2018, arXiv 1712.05884) and from what is known of the public
checkpoints, one frame and one matrix product at a time, and with nothing of the trainer's. Modules
here only hold parameters, under the public checkpoints' names and in their order; all arithmetic
is spelled out below.

Shapes: B utterances, N tokens, T frames, T' decoder steps, C channels, H hidden, E encoder.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Drop = Callable[[str, Tensor, float], Tensor]
"""(site, values, probability) -> values, some of them 0 and the others scaled up."""


@dataclass(frozen=True)
class Sizes:
    """The published values."""

    n_symbols: int = 148
    symbols_embedding_dim: int = 512
    encoder_kernel_size: int = 5
    encoder_n_convolutions: int = 3
    encoder_embedding_dim: int = 512
    n_mel_channels: int = 80
    n_frames_per_step: int = 1
    decoder_rnn_dim: int = 1024
    prenet_dims: tuple[int, int] = (256, 256)
    attention_rnn_dim: int = 1024
    attention_dim: int = 128
    attention_location_n_filters: int = 32
    attention_location_kernel_size: int = 31
    postnet_embedding_dim: int = 512
    postnet_kernel_size: int = 5
    postnet_n_convolutions: int = 5
    max_decoder_steps: int = 1000
    gate_threshold: float = 0.5
    encoder_dropout: float = 0.5
    prenet_dropout: float = 0.5
    p_attention_dropout: float = 0.1
    p_decoder_dropout: float = 0.1
    postnet_dropout: float = 0.5


@dataclass(frozen=True)
class Outputs:
    mel_outputs: Tensor  # [B, n_mels, T]
    mel_outputs_postnet: Tensor  # [B, n_mels, T]
    gate_outputs: Tensor  # [B, T']
    alignments: Tensor  # [B, T', N]


# --- arithmetic ---------------------------------------------------------------------------------


def convolve(x: Tensor, conv: nn.Conv1d) -> Tensor:
    """[B, C, T] -> [B, C', T]: a sum of shifted matrix products, zeros beyond the edges."""
    size = conv.weight.shape[2]
    half, length = (size - 1) // 2, x.shape[2]
    edge = x.new_zeros(*x.shape[:2], half)
    padded = torch.cat((edge, x, edge), dim=2)
    taps = [conv.weight[:, :, k] @ padded[:, :, k : k + length] for k in range(size)]
    out = torch.stack(taps).sum(dim=0)
    return out if conv.bias is None else out + conv.bias[:, None]


def normalise(x: Tensor, norm: nn.BatchNorm1d, training: bool) -> Tensor:
    """BatchNorm over [B, C, T]: by the batch in training, by running statistics after it."""
    mean, variance = norm.running_mean, norm.running_var
    if training:
        mean, variance = x.mean(dim=(0, 2)), x.var(dim=(0, 2), unbiased=False)
        n = x.shape[0] * x.shape[2]
        with torch.no_grad():
            norm.running_mean.mul_(0.9).add_(0.1 * mean)
            norm.running_var.mul_(0.9).add_(0.1 * variance * n / (n - 1))
            norm.num_batches_tracked += 1
    centred = (x - mean[:, None]) / torch.sqrt(variance[:, None] + 1e-5)
    return centred * norm.weight[:, None] + norm.bias[:, None]


def lstm_step(
    x: Tensor, state: tuple[Tensor, Tensor], weights: tuple[Tensor, Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """One step: x [B, C], state (hidden, cell) of [B, H]; weights as torch keeps them."""
    hidden, cell = state
    w_x, w_h, b_x, b_h = weights
    i, f, g, o = (x @ w_x.t() + b_x + hidden @ w_h.t() + b_h).chunk(4, dim=1)
    cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(cell), cell


def cell_weights(cell: nn.LSTMCell) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh


def project(x: Tensor, linear: nn.Linear) -> Tensor:
    out = x @ linear.weight.t()
    return out if linear.bias is None else out + linear.bias


# --- parameters, under the public names and in their order --------------------------------------


class Linear(nn.Module):
    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.linear_layer = nn.Linear(inputs, outputs, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return project(x, self.linear_layer)


class Conv(nn.Module):
    def __init__(self, inputs: int, outputs: int, size: int, bias: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, size, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return convolve(x, self.conv)


class ConvStack(nn.Module):
    """Convolution, BatchNorm, activation, dropout; the keys are ``convolutions.I.{0,1}``."""

    def __init__(self, channels: list[int], size: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Sequential(Conv(channels[i], channels[i + 1], size), nn.BatchNorm1d(channels[i + 1]))
            for i in range(len(channels) - 1)
        )

    def layer(self, i: int, x: Tensor) -> Tensor:
        conv, norm = self.convolutions[i]
        return normalise(conv(x), norm, self.training)


class Encoder(ConvStack):
    def __init__(self, sizes: Sizes) -> None:
        dim = sizes.encoder_embedding_dim
        channels = [sizes.symbols_embedding_dim, *[dim] * sizes.encoder_n_convolutions]
        super().__init__(channels, sizes.encoder_kernel_size)
        self.lstm = nn.LSTM(dim, dim // 2, 1, batch_first=True, bidirectional=True)

    def read(self, rows: Tensor, suffix: str) -> Tensor:
        """One utterance [N, C] from its first row to its last: [N, H]."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = tuple(getattr(self.lstm, f"{name}_l0{suffix}") for name in names)
        zeros = rows.new_zeros(1, self.lstm.hidden_size)
        state, hidden = (zeros, zeros), []
        for row in rows:
            state = lstm_step(row[None], state, weights)
            hidden.append(state[0])
        return torch.cat(hidden)

    def read_both_ways(self, x: Tensor, lengths: list[int]) -> Tensor:
        """[B, N, C] -> [B, N, E]: each utterance by itself, 0 beyond its end."""
        out = []
        for rows, length in zip(x, lengths, strict=True):
            valid = rows[:length]
            backwards = self.read(valid.flip(0), "_reverse").flip(0)
            both = torch.cat((self.read(valid, ""), backwards), dim=1)
            out.append(torch.cat((both, both.new_zeros(len(rows) - length, both.shape[1]))))
        return torch.stack(out)


class Location(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        filters = sizes.attention_location_n_filters
        self.location_conv = Conv(2, filters, sizes.attention_location_kernel_size, bias=False)
        self.location_dense = Linear(filters, sizes.attention_dim, bias=False)


class Attention(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        dim = sizes.attention_dim
        self.query_layer = Linear(sizes.attention_rnn_dim, dim, bias=False)
        self.memory_layer = Linear(sizes.encoder_embedding_dim, dim, bias=False)
        self.v = Linear(dim, 1, bias=False)
        self.location_layer = Location(sizes)

    def attend(
        self, hidden: Tensor, memory: Tensor, past: Tensor, padding: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """hidden [B, H], memory [B, N, E], past [B, 2, N] -> context [B, E], weights [B, N]."""
        location = self.location_layer.location_conv(past).transpose(1, 2)  # [B, N, filters]
        energies = self.v(
            torch.tanh(
                self.query_layer(hidden)[:, None]
                + self.memory_layer(memory)
                + self.location_layer.location_dense(location)
            )
        )[:, :, 0]
        if padding is not None:
            energies = energies.masked_fill(padding, -math.inf)
        weights = torch.softmax(energies, dim=1)
        return (weights[:, :, None] * memory).sum(dim=1), weights


class Prenet(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        first, second = sizes.prenet_dims
        # Published for r = 1; for r > 1 the last of a step's frames is what goes in.
        self.layers = nn.ModuleList(
            (Linear(sizes.n_mel_channels, first, bias=False), Linear(first, second, bias=False))
        )


class Decoder(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        encoder, attended = sizes.encoder_embedding_dim, sizes.attention_rnn_dim
        decoded = sizes.decoder_rnn_dim
        self.prenet = Prenet(sizes)
        self.attention_rnn = nn.LSTMCell(sizes.prenet_dims[1] + encoder, attended)
        self.attention_layer = Attention(sizes)
        self.decoder_rnn = nn.LSTMCell(attended + encoder, decoded)
        frames = sizes.n_mel_channels * sizes.n_frames_per_step
        self.linear_projection = Linear(decoded + encoder, frames)
        self.gate_layer = Linear(decoded + encoder, 1)


@dataclass
class DecoderState:
    """What one decoder step leaves to the next."""

    attended: tuple[Tensor, Tensor]  # the attention LSTM's (hidden, cell), each [B, H]
    decoded: tuple[Tensor, Tensor]  # the decoder LSTM's
    context: Tensor  # [B, E]
    weights: Tensor  # [B, N], of the last step
    cumulative: Tensor  # [B, N], of all steps


# --- the model ----------------------------------------------------------------------------------


class PublishedTacotron2(nn.Module):
    """``drop`` may be replaced, to drop what another model dropped."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.embedding = nn.Embedding(sizes.n_symbols, sizes.symbols_embedding_dim)
        self.encoder = Encoder(sizes)
        self.decoder = Decoder(sizes)
        inner = [sizes.postnet_embedding_dim] * (sizes.postnet_n_convolutions - 1)
        channels = [sizes.n_mel_channels, *inner, sizes.n_mel_channels]
        self.postnet = ConvStack(channels, sizes.postnet_kernel_size)
        self.drop: Drop = lambda site, x, p: nn.functional.dropout(x, p)

    def forward(
        self, text: Tensor, text_lengths: Tensor, mels: Tensor, mel_lengths: Tensor
    ) -> Outputs:
        """Teacher forcing; mels [B, n_mels, T], T a multiple of ``n_frames_per_step``."""
        r, n_frames = self.sizes.n_frames_per_step, mels.shape[2]
        memory = self._encode(text, text_lengths.tolist())
        padding = torch.arange(text.shape[1])[None] >= text_lengths[:, None]
        state, frame = self._start(memory), torch.zeros_like(mels[:, :, 0])
        steps = []
        for t in range(n_frames // r):
            steps.append(self._step(frame, memory, padding, state))
            frame = mels[:, :, (t + 1) * r - 1]
        mel, gate, alignments = self._gather(steps)
        postnet = mel + self._refine(mel)
        beyond = torch.arange(n_frames)[None] >= mel_lengths[:, None]  # [B, T]
        return Outputs(
            mel.masked_fill(beyond[:, None], 0.0),
            postnet.masked_fill(beyond[:, None], 0.0),
            gate.masked_fill(beyond[:, ::r], 1e3),
            alignments,
        )

    @torch.no_grad()
    def infer(self, text: Tensor) -> Outputs:
        """Free running of one utterance [1, N], until the gate opens or to the cap."""
        memory = self._encode(text, [text.shape[1]])
        state, frame = self._start(memory), memory.new_zeros(1, self.sizes.n_mel_channels)
        steps = []
        while len(steps) < self.sizes.max_decoder_steps:
            steps.append(self._step(frame, memory, None, state))
            mel, gate, _ = steps[-1]
            if torch.sigmoid(gate).item() > self.sizes.gate_threshold:
                break
            frame = mel[:, -self.sizes.n_mel_channels :]
        mel, gate, alignments = self._gather(steps)
        return Outputs(mel, mel + self._refine(mel), gate, alignments)

    def _dropped(self, site: str, x: Tensor, p: float, always: bool = False) -> Tensor:
        return self.drop(site, x, p) if p and (self.training or always) else x

    def _encode(self, text: Tensor, lengths: list[int]) -> Tensor:
        """[B, N] -> [B, N, E]; the convolutions see the padding."""
        x = self.embedding.weight[text].transpose(1, 2)
        for i in range(len(self.encoder.convolutions)):
            x = torch.relu(self.encoder.layer(i, x))
            x = self._dropped(f"encoder.{i}", x, self.sizes.encoder_dropout)
        return self.encoder.read_both_ways(x.transpose(1, 2), lengths)

    def _start(self, memory: Tensor) -> DecoderState:
        batch, tokens, encoder = memory.shape
        attended = memory.new_zeros(batch, self.sizes.attention_rnn_dim)
        decoded = memory.new_zeros(batch, self.sizes.decoder_rnn_dim)
        none = memory.new_zeros(batch, tokens)
        context = memory.new_zeros(batch, encoder)
        return DecoderState((attended, attended), (decoded, decoded), context, none, none)

    def _step(
        self, frame: Tensor, memory: Tensor, padding: Tensor | None, state: DecoderState
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One decoder step: mel [B, r·n_mels], gate logits [B], weights [B, N]."""
        decoder, x = self.decoder, frame
        for i, layer in enumerate(decoder.prenet.layers):
            x = torch.relu(layer(x))
            x = self._dropped(f"prenet.{i}", x, self.sizes.prenet_dropout, always=True)
        hidden, cell = lstm_step(
            torch.cat((x, state.context), dim=1),
            state.attended,
            cell_weights(decoder.attention_rnn),
        )
        hidden = self._dropped("attention", hidden, self.sizes.p_attention_dropout)
        past = torch.stack((state.weights, state.cumulative), dim=1)
        state.attended = hidden, cell
        state.context, state.weights = decoder.attention_layer.attend(hidden, memory, past, padding)
        state.cumulative = state.cumulative + state.weights
        decoded, cell = lstm_step(
            torch.cat((hidden, state.context), dim=1),
            state.decoded,
            cell_weights(decoder.decoder_rnn),
        )
        decoded = self._dropped("decoder", decoded, self.sizes.p_decoder_dropout)
        state.decoded = decoded, cell
        features = torch.cat((decoded, state.context), dim=1)
        gate = decoder.gate_layer(features)[:, 0]
        return decoder.linear_projection(features), gate, state.weights

    def _gather(self, steps: list[tuple[Tensor, Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
        """Steps -> mel [B, n_mels, r·T'], gate [B, T'], alignments [B, T', N]."""
        mels, gates, alignments = zip(*steps, strict=True)
        frames = [frame for mel in mels for frame in mel.split(self.sizes.n_mel_channels, dim=1)]
        return torch.stack(frames, dim=2), torch.stack(gates, 1), torch.stack(alignments, 1)

    def _refine(self, mel: Tensor) -> Tensor:
        """The postnet's residual; the convolutions see the padding."""
        x, last = mel, len(self.postnet.convolutions) - 1
        for i in range(last + 1):
            x = self.postnet.layer(i, x)
            x = self._dropped(
                f"postnet.{i}", torch.tanh(x) if i < last else x, self.sizes.postnet_dropout
            )
        return x
