using static TorchSharp.torch;

namespace Attune.Models.Encoders;

/// <summary>A text, or a pair of texts, in an encoder's tokens, with those around it.</summary>
/// <param name="SecondFrom">Index of the second text's first token, which is of the second type; null for one text.</param>
public readonly record struct EncoderText(IReadOnlyList<int> Ids, int? SecondFrom = null);

/// <summary>Texts as the tensors that an encoder reads, filled up on the right.</summary>
internal sealed class EncoderBatch
{
    public EncoderBatch(IReadOnlyList<EncoderText> texts)
    {
        (Texts, Time) = (texts.Count, texts.Max(t => t.Ids.Count));
        var time = Time;
        Ids = tensor(texts.SelectMany(t => Filled(t.Ids.Select(id => (long)id), t, 0L)).ToArray());
        Types = texts.Any(t => t.SecondFrom is not null)
            ? tensor(
                texts
                    .SelectMany(t =>
                        Filled(Enumerable.Range(0, t.Ids.Count).Select(i => i >= (t.SecondFrom ?? int.MaxValue) ? 1L : 0L), t, 0L)
                    )
                    .ToArray()
            )
            : null;
        Mask = tensor(
            texts.SelectMany(t => Filled(Enumerable.Repeat(0f, t.Ids.Count), t, float.NegativeInfinity)).ToArray(),
            [Texts, 1, 1, Time]
        );

        IEnumerable<T> Filled<T>(IEnumerable<T> values, EncoderText text, T filler) =>
            values.Concat(Enumerable.Repeat(filler, time - text.Ids.Count));
    }

    public int Texts { get; }

    public int Time { get; }

    /// <summary>[texts * time]</summary>
    public Tensor Ids { get; }

    /// <summary>[texts * time]; null where all tokens are of the first type.</summary>
    public Tensor? Types { get; }

    /// <summary>[texts, 1, 1, time]: 0 for what may be seen, minus infinity for what fills up.</summary>
    public Tensor Mask { get; }
}
