#!/usr/bin/env python3
"""Golden logits of tiny models of every family, in float64: written apart from Attune, from the papers and the meaning of config.json.

Needs numpy alone. Prints families.json. Weights are made by a rule that the test repeats: element i of a tensor is k / 128 with k from -32 to
31 by a hash of its name and i, exact in float32, float16 and bfloat16 alike; norms are 1 more (Gemma's files hold norms less one, so not there).
"""
import json, math
import numpy as np


def numbers(name, count):
    h = 2166136261
    for c in name.encode():
        h = ((h ^ c) * 16777619) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 2654435761 + h) & 0xFFFFFFFF
    x ^= x >> 15
    x = (x * 2246822519) & 0xFFFFFFFF
    x ^= x >> 13
    return ((x % 64).astype(np.int64) - 32) / 128.0


class Weights:
    def __init__(self, adapter=None):
        self.shapes, self.adapter, self.added = {}, adapter, {}

    def __call__(self, name, *shape):
        self.shapes[name] = list(shape)
        values = numbers(name, int(np.prod(shape))).reshape(shape)
        is_norm = name.endswith("weight") and ("norm" in name or "ln_" in name)
        return values + 1 if is_norm else self.adapted(name, values)

    def adapted(self, name, w):
        """LoRA (Hu et al. 2021), rsLoRA (Kalajdzievski 2023) and DoRA (Liu et al. 2024), from the papers, under PEFT's names."""
        module, a = name.removesuffix(".weight"), self.adapter
        if not a or w.ndim != 2 or not any(module.endswith("." + t) for t in a["target_modules"]):
            return w
        flipped = module.startswith("transformer.")      # GPT-2's matrices lie [in, out]
        w, r = (w.T if flipped else w), a["r"]

        def part(kind, *shape):
            self.added[f"base_model.model.{module}.{kind}"] = list(shape)
            return numbers(f"base_model.model.{module}.{kind}", int(np.prod(shape))).reshape(shape)

        w = w + a["lora_alpha"] / (math.sqrt(r) if a.get("use_rslora") else r) * part("lora_B.weight", w.shape[0], r) @ part("lora_A.weight", r, w.shape[1])
        if a.get("use_dora"):
            w = w / np.sqrt((w ** 2).sum(1, keepdims=True)) * (1 + part("lora_magnitude_vector", w.shape[0]))[:, None]
        return w.T if flipped else w


def gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(q, k, v, window):
    """q [heads, time, d], k and v [own, time, d]"""
    heads, time, d = q.shape
    k, v = (np.repeat(x, heads // x.shape[0], 0) for x in (k, v))
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(d)
    i, j = np.arange(time)[:, None], np.arange(time)[None, :]
    allowed = (j <= i) & ((i - j) < window)
    return (softmax(np.where(allowed, scores, -np.inf)) @ v).transpose(1, 0, 2).reshape(time, heads * d)


def gpt2(c, tokens, adapter=None):
    w, n = Weights(adapter), c["n_embd"]
    inner, heads, time = c.get("n_inner") or 4 * n, c["n_head"], len(tokens)

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + c["layer_norm_epsilon"]) * w(name + ".weight", n) + w(name + ".bias", n)

    def conv(x, name, i, o):
        return x @ w(name + ".weight", i, o) + w(name + ".bias", o)

    table = w("transformer.wte.weight", c["vocab_size"], n)
    x = table[tokens] + w("transformer.wpe.weight", c["n_positions"], n)[:time]
    for layer in range(c["n_layer"]):
        p = f"transformer.h.{layer}."
        qkv = conv(norm(x, p + "ln_1"), p + "attn.c_attn", n, 3 * n)
        q, k, v = (t.reshape(time, heads, n // heads).transpose(1, 0, 2) for t in np.split(qkv, 3, -1))
        x = x + conv(attend(q, k, v, 1 << 30), p + "attn.c_proj", n, n)
        x = x + conv(gelu(conv(norm(x, p + "ln_2"), p + "mlp.c_fc", n, inner)), p + "mlp.c_proj", inner, n)
    return norm(x, "transformer.ln_f") @ table.T, w


def frequencies(c, d):
    """Radians per token of each pair, and what cosines and sines are multiplied by."""
    s = c.get("rope_scaling") or {}
    base = c.get("rope_theta", 10000.0)
    inv = base ** (-np.arange(0, d, 2) / d)
    kind, factor = s.get("rope_type", s.get("type", "default")), s.get("factor", 1.0)
    if kind == "linear":
        return inv / factor, 1.0
    if kind == "llama3":
        old, low, high = s["original_max_position_embeddings"], s["low_freq_factor"], s["high_freq_factor"]
        out = []
        for f in inv:
            length = 2 * math.pi / f
            if length < old / high:
                out.append(f)
            elif length > old / low:
                out.append(f / factor)
            else:
                smooth = (old / length - low) / (high - low)
                out.append((1 - smooth) * f / factor + smooth * f)
        return np.array(out), 1.0
    if kind == "yarn":
        old = s["original_max_position_embeddings"]
        place = lambda turns: d * math.log(old / (turns * 2 * math.pi)) / (2 * math.log(base))
        low, high = max(math.floor(place(s.get("beta_fast", 32))), 0), min(math.ceil(place(s.get("beta_slow", 1))), d - 1)
        ramp = np.clip((np.arange(d // 2) - low) / ((high - low) or 0.001), 0, 1)
        return inv / factor * ramp + inv * (1 - ramp), 0.1 * math.log(factor) + 1
    return inv, 1.0      # default, and dynamic within the context


def turn(x, c):
    """x [heads, time, d]; halves turn together."""
    time, d = x.shape[1:]
    inv, factor = frequencies(c, d)
    angle = np.arange(time)[:, None] * inv[None, :]
    cos, sin = np.cos(angle) * factor, np.sin(angle) * factor
    a, b = x[..., : d // 2], x[..., d // 2:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def llama(c, tokens, adapter=None):
    kind = c["model_type"]
    w, n, heads = Weights(adapter), c["hidden_size"], c["num_attention_heads"]
    own = c.get("num_key_value_heads", heads)
    d, inner, time = c.get("head_dim") or n // heads, c["intermediate_size"], len(tokens)
    window = (c.get("sliding_window") or 1 << 30) if kind == "mistral" or c.get("use_sliding_window") else 1 << 30

    def norm(x, name, width):
        return x / np.sqrt((x ** 2).mean(-1, keepdims=True) + c["rms_norm_eps"]) * w(name + ".weight", width)

    def linear(x, name, i, o, bias=False):
        y = x @ w(name + ".weight", o, i).T
        return y + w(name + ".bias", o) if bias else y

    table = w("model.embed_tokens.weight", c["vocab_size"], n)
    x = table[tokens] * (math.sqrt(n) if kind == "gemma" else 1)
    for layer in range(c["num_hidden_layers"]):
        p = f"model.layers.{layer}."
        y = norm(x, p + "input_layernorm", n)
        biased = kind == "qwen2" or c.get("attention_bias", False)
        q, k, v = (linear(y, p + f"self_attn.{t}_proj", n, h * d, biased).reshape(time, h, d).transpose(1, 0, 2) for t, h in (("q", heads), ("k", own), ("v", own)))
        if kind == "qwen3":
            q, k = norm(q, p + "self_attn.q_norm", d), norm(k, p + "self_attn.k_norm", d)
        y = attend(turn(q, c), turn(k, c), v, window)
        x = x + linear(y, p + "self_attn.o_proj", heads * d, n, kind != "qwen2" and biased)
        y = norm(x, p + "post_attention_layernorm", n)
        gate, up = linear(y, p + "mlp.gate_proj", n, inner), linear(y, p + "mlp.up_proj", n, inner)
        active = gelu(gate) if kind == "gemma" else gate / (1 + np.exp(-gate))
        x = x + linear(active * up, p + "mlp.down_proj", inner, n)
    x = norm(x, "model.norm", n)
    head = table if c.get("tie_word_embeddings", kind == "gemma") else w("lm_head.weight", c["vocab_size"], n)
    return x @ head.T, w


BASE = dict(vocab_size=23, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=10000.0)
CASES = {
    "gpt2": dict(model_type="gpt2", vocab_size=23, n_embd=32, n_layer=2, n_head=4, n_positions=64, layer_norm_epsilon=1e-5),
    "llama 2": dict(BASE, model_type="llama", num_key_value_heads=4),
    "llama 3": dict(BASE, model_type="llama", rope_theta=500.0, rope_scaling=dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
    "llama linear": dict(BASE, model_type="llama", rope_scaling=dict(type="linear", factor=2.0)),
    "llama dynamic": dict(BASE, model_type="llama", rope_scaling=dict(type="dynamic", factor=2.0)),
    "llama yarn": dict(BASE, model_type="llama", rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=16)),
    "llama attention bias, tied": dict(BASE, model_type="llama", attention_bias=True, tie_word_embeddings=True),
    "mistral": dict(BASE, model_type="mistral", sliding_window=7, head_dim=16),
    "qwen 2": dict(BASE, model_type="qwen2", tie_word_embeddings=True, use_sliding_window=False, sliding_window=4),
    "qwen 2 window": dict(BASE, model_type="qwen2", use_sliding_window=True, sliding_window=5, max_window_layers=0),
    "qwen 3": dict(BASE, model_type="qwen3", head_dim=16, tie_word_embeddings=True),
    "gemma": dict(BASE, model_type="gemma", head_dim=16, num_key_value_heads=1, hidden_act="gelu_pytorch_tanh"),
}
TOKENS = [int(t) for t in (np.arange(20) * 7 + np.arange(20) ** 2) % 23]
ADAPTERS = {
    "lora": ("llama 2", dict(r=4, lora_alpha=6, target_modules=["q_proj", "v_proj"])),
    "lora of all maps": ("qwen 3", dict(r=2, lora_alpha=4, target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])),
    "rslora": ("gpt2", dict(r=4, lora_alpha=2, use_rslora=True, target_modules=["c_attn", "c_fc"])),
    "dora": ("qwen 2", dict(r=4, lora_alpha=4, use_dora=True, target_modules=["k_proj", "o_proj", "up_proj", "down_proj"])),
    "dora of gpt2": ("gpt2", dict(r=2, lora_alpha=2, use_dora=True, target_modules=["c_attn", "c_proj"])),
}
# All numbers of the first and the last three positions: an error anywhere reaches them.
ROWS = [0, 17, 18, 19]


def case(name, of, adapter=None):
    config = CASES[of]
    logits, w = (gpt2 if config["model_type"] == "gpt2" else llama)(config, TOKENS, adapter)
    rest = dict(adapter=dict(adapter, peft_type="LORA"), of=of, added=w.added) if adapter else dict(config=config, tensors=w.shapes)
    return dict(rest, name=name, rows=ROWS, logits=[[float(f"{v:.9g}") for v in logits[r]] for r in ROWS])


def lines(cases):
    return "[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]"


print("{\"tokens\":" + json.dumps(TOKENS) + ",\n\"cases\":" + lines([case(n, n) for n in CASES]) + ",\n\"adapters\":" + lines([case(n, of, a) for n, (of, a) in ADAPTERS.items()]) + "}")
