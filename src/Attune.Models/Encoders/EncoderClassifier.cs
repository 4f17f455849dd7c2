using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Encoders;

/// <summary>
/// An encoder with a head for classes, to score with or to train: the class is read from the first token. Float32.
/// </summary>
public sealed class EncoderClassifier : IDisposable
{
    // Tokens, padding included, that are computed at once.
    private const int TokensAtOnce = 4096;
    private readonly EncoderForward _forward;

    internal EncoderClassifier(EncoderConfig config)
    {
        Config = config;
        Weights = new FlatParameters(ParameterLayout.Packed(EncoderTensors.Of(config).Select(t => (t.Own, t.Shape.ToImmutableArray()))));
        _forward = new EncoderForward(config, Weights);
    }

    public EncoderConfig Config { get; }

    /// <summary>
    /// Probability of leaving out a number in training (Devlin et al. 2019, appendix A.2: 0.1), 0 to below 1; 0 unless set. Scoring leaves
    /// nothing out.
    /// </summary>
    public double Dropout
    {
        get => _forward.Dropout;
        set => _forward.Dropout = value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "dropout");
    }

    /// <summary>All that training changes.</summary>
    public FlatParameters Weights { get; }

    /// <exception cref="Core.ModelFileException">A file is absent or damaged, or weights and configuration disagree.</exception>
    public static EncoderClassifier Load(string directory) => EncoderFiles.Load(directory);

    /// <summary>An encoder to be trained as a classifier: what the folder holds, and a fresh head where it holds none.</summary>
    /// <param name="labels">The classes of a fresh head.</param>
    /// <param name="seed">Of a fresh head.</param>
    /// <exception cref="Core.ModelFileException">As for a classifier; a missing head is no error.</exception>
    public static EncoderClassifier LoadOrBegin(string directory, ImmutableArray<string> labels, Seed seed) =>
        EncoderFiles.LoadOrBegin(directory, labels, seed);

    /// <summary>Whether a folder of an encoder holds a classifier's head too.</summary>
    /// <exception cref="Core.ModelFileException">The weights are absent or damaged.</exception>
    public static bool HasHead(string directory) => EncoderFiles.HasHead(directory);

    /// <summary>Writes <c>model.safetensors</c> and <c>config.json</c> as transformers' classifiers have them.</summary>
    public void Save(string directory) => EncoderFiles.Save(this, directory);

    /// <summary>The logits of each text's classes, with gradient where it is on.</summary>
    /// <returns>[texts, labels]</returns>
    /// <exception cref="ArgumentException">A text is empty or too long, or an id is not in the vocabulary.</exception>
    public Tensor Forward(IReadOnlyList<EncoderText> texts)
    {
        Require(texts);
        using var scope = NewDisposeScope();
        return _forward.Logits(new EncoderBatch(texts)).MoveToOuterDisposeScope();
    }

    /// <summary>The logits of each text's classes, in the order of <see cref="EncoderConfig.Labels"/>.</summary>
    /// <param name="texts">Token ids, the tokens around a text included; each between 1 and <see cref="EncoderConfig.ContextLength"/>
    /// long.</param>
    /// <exception cref="ArgumentException">A text is empty or too long, or an id is not in the vocabulary.</exception>
    public float[][] Logits(IReadOnlyList<IReadOnlyList<int>> texts) => Logits([.. texts.Select(t => new EncoderText(t))]);

    /// <inheritdoc cref="Logits(IReadOnlyList{IReadOnlyList{int}})"/>
    public float[][] Logits(IReadOnlyList<EncoderText> texts) => Each(texts, batch => _forward.Logits(batch));

    /// <summary>The hidden states after the last layer, token by token.</summary>
    /// <returns>One array a text: tokens * width numbers.</returns>
    public float[][] Hidden(IReadOnlyList<EncoderText> texts) =>
        [.. Each(texts, batch => _forward.Hidden(batch).flatten(1)).Select((all, i) => all[..(texts[i].Ids.Count * Config.Width)])];

    /// <summary>What the class is read from: of the first token, after the pooler (BERT) or the head's first map.</summary>
    public float[][] Pooled(IReadOnlyList<EncoderText> texts) => Each(texts, batch => _forward.Pooled(_forward.Hidden(batch)));

    /// <summary>
    /// Each text as one vector of length 1: the mean of its tokens' hidden states, divided by its norm (sentence-transformers' mean
    /// pooling). Its products are cosines.
    /// </summary>
    public float[][] Embeddings(IReadOnlyList<EncoderText> texts) =>
        Each(
            texts,
            batch =>
            {
                var seen = batch.Mask.exp().view(batch.Texts, batch.Time, 1);
                var mean = (_forward.Hidden(batch) * seen).sum(1) / seen.sum(1);
                return mean / mean.norm(1, keepdim: true);
            }
        );

    public void Dispose() => Weights.Dispose();

    private void Require(IReadOnlyList<EncoderText> texts)
    {
        foreach (var (text, second) in texts)
        {
            if (text.Count < 1 || text.Count > Config.ContextLength || text.Any(t => t < 0 || t >= Config.VocabularySize))
            {
                throw new ArgumentException(
                    $"a text has {text.Count} tokens, ids up to {text.DefaultIfEmpty(-1).Max()}; expected 1 to "
                        + $"{Config.ContextLength} tokens with ids below {Config.VocabularySize}.",
                    nameof(texts)
                );
            }

            if (second < text.Count && Config.TokenTypes < 2)
            {
                throw new ArgumentException($"{Config.Family} knows no second type of tokens.", nameof(texts));
            }
        }
    }

    /// <summary>Runs a function of a batch over all texts, without gradient; those of like length together: little is padded.</summary>
    private float[][] Each(IReadOnlyList<EncoderText> texts, Func<EncoderBatch, Tensor> function)
    {
        Require(texts);
        using var quiet = no_grad();
        var results = new float[texts.Count][];
        var order = Enumerable.Range(0, texts.Count).OrderBy(i => texts[i].Ids.Count).ToArray();
        var start = 0;
        while (start < order.Length)
        {
            var count = 1;
            while (start + count < order.Length && (count + 1) * texts[order[start + count]].Ids.Count <= TokensAtOnce)
            {
                count++;
            }

            var batch = order[start..(start + count)];
            using var scope = NewDisposeScope();
            var values = function(new EncoderBatch([.. batch.Select(i => texts[i])])).contiguous().data<float>().ToArray();
            var width = values.Length / count;
            for (var i = 0; i < count; i++)
            {
                results[batch[i]] = values[(i * width)..((i + 1) * width)];
            }

            start += count;
        }

        return results;
    }
}
