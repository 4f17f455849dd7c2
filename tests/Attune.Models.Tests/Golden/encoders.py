#!/usr/bin/env python3
"""Golden logits of tiny encoders that classify, in float64: written apart from Attune, from the papers and the names in published files.

Needs numpy alone, and families.py beside it for the rule that weights are made by. Prints encoders.json.
"""
import contextlib, io, json, math
import numpy as np

with contextlib.redirect_stdout(io.StringIO()):
    from families import numbers, softmax

erf = np.vectorize(math.erf)


def gelu(x):
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


class Weights:
    def __init__(self):
        self.shapes = {}

    def __call__(self, name, *shape):
        self.shapes[name] = list(shape)
        values = numbers(name, int(np.prod(shape))).reshape(shape)
        return values + 1 if name.endswith("weight") and "norm" in name.lower() else values


def encode(c, rows):
    w, kind = Weights(), c["model_type"]
    small = kind == "distilbert"
    n, heads = (c["dim"], c["n_heads"]) if small else (c["hidden_size"], c["num_attention_heads"])
    layers, inner = (c["n_layers"], c["hidden_dim"]) if small else (c["num_hidden_layers"], c["intermediate_size"])
    eps = c.get("layer_norm_eps", 1e-12)
    first = c["pad_token_id"] + 1 if kind == "roberta" else 0

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps) * w(name + ".weight", n) + w(name + ".bias", n)

    def linear(x, name, i, o):
        return x @ w(name + ".weight", o, i).T + w(name + ".bias", o)

    def one(tokens):
        time, d = len(tokens), n // heads
        x = w(f"{kind}.embeddings.word_embeddings.weight", c["vocab_size"], n)[tokens]
        x = x + w(f"{kind}.embeddings.position_embeddings.weight", c["max_position_embeddings"], n)[first:first + time]
        if not small:
            x = x + w(f"{kind}.embeddings.token_type_embeddings.weight", c["type_vocab_size"], n)[0]
        x = norm(x, f"{kind}.embeddings.LayerNorm")
        for layer in range(layers):
            if small:
                p = f"distilbert.transformer.layer.{layer}."
                q, k, v, out, norm1, up, down, norm2 = (p + t for t in (
                    "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"))
            else:
                p = f"{kind}.encoder.layer.{layer}."
                q, k, v, out, norm1, up, down, norm2 = (p + t for t in (
                    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
                    "intermediate.dense", "output.dense", "output.LayerNorm"))
            q, k, v = (linear(x, t, n, n).reshape(time, heads, d).transpose(1, 0, 2) for t in (q, k, v))
            seen = (softmax(q @ k.transpose(0, 2, 1) / math.sqrt(d)) @ v).transpose(1, 0, 2).reshape(time, n)
            x = norm(x + linear(seen, out, n, n), norm1)
            x = norm(x + linear(gelu(linear(x, up, n, inner)), down, inner, n), norm2)
        classes = len(c["id2label"])
        if small:
            return linear(np.maximum(linear(x[0], "pre_classifier", n, n), 0), "classifier", n, classes)
        if kind == "bert":
            return linear(np.tanh(linear(x[0], "bert.pooler.dense", n, n)), "classifier", n, classes)
        return linear(np.tanh(linear(x[0], "classifier.dense", n, n)), "classifier.out_proj", n, classes)

    return [one(r) for r in rows], w.shapes


BASE = dict(vocab_size=29, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, max_position_embeddings=24, hidden_act="gelu")
CASES = {
    "distilbert": dict(model_type="distilbert", vocab_size=29, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=24, activation="gelu",
                       id2label={"0": "NEGATIVE", "1": "POSITIVE"}),
    "bert": dict(BASE, model_type="bert", type_vocab_size=2, layer_norm_eps=1e-12, id2label={"0": "a", "1": "b", "2": "c"}),
    "roberta": dict(BASE, model_type="roberta", type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, id2label={"0": "only"}),
}
ROWS = [[int(t) for t in (np.arange(k) * 5 + np.arange(k) ** 2 + k) % 29] for k in (12, 3, 20, 1)]


def lines():
    for name, config in CASES.items():
        logits, shapes = encode(config, ROWS)
        yield json.dumps(dict(name=name, config=config, tensors=shapes, logits=[[float(f"{v:.9g}") for v in row] for row in logits]), separators=(",", ":"))


print("{\"rows\":" + json.dumps(ROWS) + ",\n\"cases\":[\n" + ",\n".join(lines()) + "\n]}")
