using Attune.Core;
using Attune.Models.Files;
using static TorchSharp.torch;

namespace Attune.Models.Encoders;

/// <summary>
/// An encoder with a head for classes, for scoring alone: bidirectional attention, a norm after each branch, exact GELU; the class is read
/// from the first token. Float32.
/// </summary>
public sealed class EncoderClassifier : IDisposable
{
    // Tokens, padding included, that are computed at once.
    private const int TokensAtOnce = 4096;
    private const int MostListed = 5;
    private readonly Dictionary<string, Tensor> _weights;

    private EncoderClassifier(EncoderConfig config, Dictionary<string, Tensor> weights) => (Config, _weights) = (config, weights);

    public EncoderConfig Config { get; }

    /// <exception cref="ModelFileException">A file is absent or damaged, or weights and configuration disagree; says where.</exception>
    public static EncoderClassifier Load(string directory)
    {
        var config = EncoderConfig.Read(directory);
        using var folder = new WeightFolder(directory);
        var expected = EncoderTensors.Of(config);
        // Names and shapes first: a configuration that lies must not make us allocate what it claims.
        string[] problems =
        [
            .. expected.Where(t => folder.ShapeOf(t.File) is null).Select(t => $"'{t.File}' is missing"),
            .. expected
                .Where(t => folder.ShapeOf(t.File) is { } shape && !shape.AsSpan().SequenceEqual(t.Shape))
                .Select(t => $"'{t.File}' is [{string.Join(", ", folder.ShapeOf(t.File)!)}], expected [{string.Join(", ", t.Shape)}]"),
            .. folder
                .Names.Except(expected.Select(t => t.File))
                .Where(n => !EncoderTensors.IsUnused(n))
                .Select(n => $"'{n}' is not part of a {config.Family} classifier"),
        ];
        if (problems.Length > 0)
        {
            throw new ModelFileException(
                $"{directory}: the weights are not those of the {config.Family} classifier that config.json describes: "
                    + $"{string.Join("; ", problems.Take(MostListed))}"
                    + (problems.Length > MostListed ? $"; and {problems.Length - MostListed} more." : ".")
            );
        }

        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var (own, file, shape) in expected)
            {
                weights[own] = tensor(folder.Read(file), shape).DetachFromDisposeScope();
            }
        }
        catch
        {
            new EncoderClassifier(config, weights).Dispose();
            throw;
        }

        return new EncoderClassifier(config, weights);
    }

    /// <summary>The logits of each text's classes, in the order of <see cref="EncoderConfig.Labels"/>.</summary>
    /// <param name="texts">Token ids, the tokens around a text included; each between 1 and <see cref="EncoderConfig.ContextLength"/>
    /// long.</param>
    /// <exception cref="ArgumentException">A text is empty or too long, or an id is not in the vocabulary.</exception>
    public float[][] Logits(IReadOnlyList<IReadOnlyList<int>> texts)
    {
        foreach (var text in texts)
        {
            if (text.Count < 1 || text.Count > Config.ContextLength || text.Any(t => t < 0 || t >= Config.VocabularySize))
            {
                throw new ArgumentException(
                    $"a text has {text.Count} tokens, ids up to {text.DefaultIfEmpty(-1).Max()}; expected 1 to "
                        + $"{Config.ContextLength} tokens with ids below {Config.VocabularySize}.",
                    nameof(texts)
                );
            }
        }

        using var quiet = no_grad();
        var results = new float[texts.Count][];
        // Texts of like length together, so that little is padded.
        var order = Enumerable.Range(0, texts.Count).OrderBy(i => texts[i].Count).ToArray();
        var start = 0;
        while (start < order.Length)
        {
            var count = 1;
            while (start + count < order.Length && (count + 1) * texts[order[start + count]].Count <= TokensAtOnce)
            {
                count++;
            }

            var batch = order[start..(start + count)];
            using var scope = NewDisposeScope();
            var logits = Forward([.. batch.Select(i => texts[i])]).data<float>().ToArray();
            for (var i = 0; i < count; i++)
            {
                results[batch[i]] = logits[(i * Config.Labels.Length)..((i + 1) * Config.Labels.Length)];
            }

            start += count;
        }

        return results;
    }

    public void Dispose()
    {
        foreach (var weight in _weights.Values)
        {
            weight.Dispose();
        }
    }

    /// <returns>[texts, labels]</returns>
    private Tensor Forward(IReadOnlyList<int>[] texts)
    {
        var (batch, time) = (texts.Length, texts.Max(t => t.Count));
        var ids = tensor(
            texts.SelectMany(t => t.Concat(Enumerable.Repeat(0, time - t.Count)).Select(id => (long)id)).ToArray(),
            [batch, time]
        );
        // [batch, 1, 1, time]: 0 for what may be seen, minus infinity for padding.
        var mask = tensor(
            texts.SelectMany(t => Enumerable.Range(0, time).Select(i => i < t.Count ? 0f : float.NegativeInfinity)).ToArray(),
            [batch, 1, 1, time]
        );
        var x =
            W("words").index_select(0, ids.flatten()).view(batch, time, Config.Width)
            + W("positions").narrow(0, Config.FirstPosition, time);
        x = Norm(Config.TokenTypes > 0 ? x + W("types")[0] : x, "norm");
        for (var i = 0; i < Config.Layers; i++)
        {
            using var scope = NewDisposeScope();
            x = Layer(x, mask, $"{i}.").MoveToOuterDisposeScope();
        }

        var first = Affine(x.select(1, 0), "first");
        return Affine(Config.Family == "distilbert" ? first.relu() : first.tanh(), "last").contiguous();
    }

    private Tensor Layer(Tensor x, Tensor mask, string layer)
    {
        var (batch, time) = (x.size(0), x.size(1));
        var (query, key, value) = (Heads("query"), Heads("key"), Heads("value"));
        var scores = query.matmul(key.transpose(2, 3)) / Math.Sqrt((double)Config.Width / Config.Heads) + mask;
        var attended = scores.softmax(-1).matmul(value).transpose(1, 2).reshape(batch, time, Config.Width);
        x = Norm(x + Affine(attended, layer + "out"), layer + "norm1");
        return Norm(x + Affine(nn.functional.gelu(Affine(x, layer + "up")), layer + "down"), layer + "norm2");

        Tensor Heads(string map) => Affine(x, layer + map).view(batch, time, Config.Heads, -1).transpose(1, 2);
    }

    private Tensor Affine(Tensor x, string name) => nn.functional.linear(x, W(name + ".weight"), W(name + ".bias"));

    private Tensor Norm(Tensor x, string name) =>
        nn.functional.layer_norm(x, [Config.Width], W(name + ".weight"), W(name + ".bias"), Config.NormEpsilon);

    private Tensor W(string name) => _weights[name];
}
