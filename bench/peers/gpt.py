"""A GPT-2-shaped model in plain PyTorch, as the benchmarks' peer: float32 or autocast to bfloat16, with a preallocated KV cache."""
import json, math, resource
import torch, torch.nn as nn, torch.nn.functional as F

# layers, width, heads, vocabulary, context: as `attune bench` names them
SIZES = {
    "tiny": (4, 256, 4, 2048, 256),
    "demo": (4, 192, 6, 1024, 128),
    "small": (12, 768, 12, 50257, 1024),
}


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, cache, at, attention):
        batch, time, width = x.shape
        q, k, v = self.qkv(self.n1(x)).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if cache is not None:
            cache[0][:, :, at:at + time], cache[1][:, :, at:at + time] = k, v
            k, v = cache[0][:, :, :at + time], cache[1][:, :, :at + time]
        if attention == "manual":
            scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
            if time > 1:
                scores = scores.masked_fill(torch.ones(time, time, dtype=torch.bool).triu(1), -torch.inf)
            mixed = scores.softmax(-1) @ v
        else:
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=time > 1)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, time, width))
        return x + self.down(F.gelu(self.up(self.n2(x)), approximate="tanh"))


class Gpt(nn.Module):
    """The trunk with a tied head over the vocabulary and a scalar head."""

    def __init__(self, size, frozen=0, attention="fused"):
        super().__init__()
        layers, self.width, self.heads, self.vocab, context = SIZES[size]
        self.attention = attention
        self.tokens, self.positions = nn.Embedding(self.vocab, self.width), nn.Embedding(context, self.width)
        self.blocks = nn.ModuleList(Block(self.width, self.heads) for _ in range(layers))
        self.norm, self.score = nn.LayerNorm(self.width), nn.Linear(self.width, 1, bias=False)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.normal_(p, 0, 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)
        if frozen:
            for part in (self.tokens, self.positions, *self.blocks[:frozen]):
                part.requires_grad_(False)

    def hidden(self, ids, caches=None, at=0):
        """[batch, time, width] after the last norm."""
        x = self.tokens(ids) + self.positions(torch.arange(at, at + ids.shape[1]))
        for i, block in enumerate(self.blocks):
            x = block(x, caches and caches[i], at, self.attention)
        return self.norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.tokens.weight)

    def caches(self, batch, time, dtype=torch.float32):
        shape = batch, self.heads, time, self.width // self.heads
        return [[torch.empty(shape, dtype=dtype) for _ in "kv"] for _ in self.blocks]


def report(**row):
    """The last line of a peer's output: its figures as JSON."""
    if torch.backends.cpu.get_cpu_capability() == "DEFAULT" and "avx2" in open("/proc/cpuinfo").read():
        raise SystemExit("PyTorch does not use this processor's vectors: an untuned peer is no comparison.")
    row.update(torch=torch.__version__, peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    print(json.dumps(row))
