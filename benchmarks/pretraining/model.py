"""A small video masked autoencoder, VideoMAE's design: encoder on visible tokens, light decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

Tensor = torch.Tensor


@dataclass(frozen=True)
class Size:
    """Of the model.

    Attributes:
        grid: (S, R, C) tokens.
        patch, tubelet: pixels and frames of a token.
        width, depth, heads: of the encoder.
        decoder: width, depth and heads of the decoder.
    """

    grid: tuple[int, int, int] = (8, 14, 14)
    patch: int = 8
    tubelet: int = 2
    width: int = 256
    depth: int = 8
    heads: int = 4
    decoder: tuple[int, int, int] = (128, 4, 2)

    @property
    def tokens(self) -> int:
        """Of a clip."""
        return self.grid[0] * self.grid[1] * self.grid[2]

    @property
    def values(self) -> int:
        """Pixel values of a token, colours apart."""
        return self.tubelet * self.patch**2


class Block(nn.Module):
    """A transformer's block, norms first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """x: [B, N, width]."""
        batch, tokens, width = x.shape
        qkv = self.qkv(self.norm_attention(x)).view(
            batch, tokens, 3, self.heads, width // self.heads
        )
        attended = functional.scaled_dot_product_attention(*qkv.permute(2, 0, 3, 1, 4))
        x = x + self.projection(attended.transpose(1, 2).reshape(batch, tokens, width))
        out: Tensor = x + self.down(functional.gelu(self.up(self.norm_mlp(x))))
        return out


def positions(grid: tuple[int, int, int], width: int) -> Tensor:
    """Sines and cosines [N, width]: half of slot, a quarter each of row and column."""

    def axis(count: int, width: int) -> Tensor:
        rate = 10000 ** (torch.arange(width // 2) / (width / 2))
        angle = torch.arange(count)[:, None] / rate
        return torch.cat([angle.sin(), angle.cos()], 1)

    slots, rows, columns = grid
    parts = [
        axis(slots, width // 2)[:, None, None].expand(*grid, -1),
        axis(rows, width // 4)[None, :, None].expand(*grid, -1),
        axis(columns, width // 4)[None, None].expand(*grid, -1),
    ]
    return torch.cat(parts, -1).reshape(slots * rows * columns, width)


class VideoMAE(nn.Module):
    """Reconstructs the normalised pixels of masked tokens, and their motion if `vectors`."""

    positions_encoder: Tensor
    positions_decoder: Tensor

    def __init__(self, size: Size, *, vectors: bool = False) -> None:
        super().__init__()
        self.size = size
        width, (narrow, depth, heads) = size.width, size.decoder
        self.embed = nn.Linear(3 * size.values, width)
        self.blocks = nn.ModuleList(Block(width, size.heads) for _ in range(size.depth))
        self.norm = nn.LayerNorm(width)
        self.bridge = nn.Linear(width, narrow)
        self.mask_token = nn.Parameter(torch.zeros(narrow))
        self.decoder = nn.ModuleList(Block(narrow, heads) for _ in range(depth))
        self.norm_decoder = nn.LayerNorm(narrow)
        self.head = nn.Linear(narrow, 3 * size.values)
        self.vector_head = nn.Linear(narrow, 2) if vectors else None
        self.register_buffer("positions_encoder", positions(size.grid, width), persistent=False)
        self.register_buffer("positions_decoder", positions(size.grid, narrow), persistent=False)

    def start(self, seed: int) -> None:
        """Fresh weights; the same for every arm of a seed."""
        torch.manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.LayerNorm):
                module.reset_parameters()
        nn.init.normal_(self.mask_token, std=0.02)

    def encode(self, patches: Tensor, visible: Tensor | None = None) -> Tensor:
        """Features [B, n, width] of the tokens `visible` int64 [B, n]; of all without it."""
        if visible is None:
            x = self.embed(patches.flatten(2)) + self.positions_encoder
        else:
            index = visible[..., None, None].expand(-1, -1, *patches.shape[2:])
            x = self.embed(patches.gather(1, index).flatten(2)) + self.positions_encoder[visible]
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.norm(x)
        return out

    def forward(
        self,
        patches: Tensor,
        visible: Tensor,
        masked: Tensor,
        weights: Tensor | None = None,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """Mean squared error over the tokens `masked` int64 [B, m], each normalised by itself.

        Args:
            patches: [B, N, values, 3].
            visible: int64 [B, n].
            masked: int64 [B, m].
            weights: [B, N], what a token's error counts.
            vectors: [B, N, 2], pixels per frame, predicted as well: half of a smooth L1 is added.
        """
        seen = self.bridge(self.encode(patches, visible)) + self.positions_decoder[visible]
        x = torch.cat([seen, self.mask_token + self.positions_decoder[masked]], 1)
        for block in self.decoder:
            x = block(x)
        decoded = self.norm_decoder(x[:, visible.shape[1] :])
        guess = self.head(decoded)
        index = masked[..., None, None].expand(-1, -1, *patches.shape[2:])
        target = patches.gather(1, index)
        spread = (target.var(2, keepdim=True) + 1e-6).sqrt()
        target = (target - target.mean(2, keepdim=True)) / spread
        error = (guess.float() - target.flatten(2)).square().mean(2)
        if weights is not None:
            error = error * weights.gather(1, masked)
        loss: Tensor = error.mean()
        if vectors is not None and self.vector_head is not None:
            wanted = vectors.gather(1, masked[..., None].expand(-1, -1, 2))
            said = self.vector_head(decoded).float()
            loss = loss + 0.5 * functional.smooth_l1_loss(said, wanted)
        return loss


def flops(size: Size, visible: int, decoded: int) -> int:
    """Operations of one clip's forward and backward pass: three forwards, two a multiply-add.

    Args:
        size: of the model.
        visible: tokens that the encoder sees.
        decoded: tokens that the decoder sees, visible ones included; 0 without a decoder.
    """

    def stack(tokens: int, width: int, depth: int) -> int:
        return depth * (24 * tokens * width**2 + 4 * tokens**2 * width)

    narrow, depth, _ = size.decoder
    forward = stack(visible, size.width, size.depth) + 6 * visible * size.values * size.width
    if decoded:
        forward += stack(decoded, narrow, depth) + 2 * visible * size.width * narrow
        forward += 6 * (decoded - visible) * size.values * narrow
    return 3 * forward
