using System.Collections.Immutable;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Weights;

/// <summary>One tensor as Hugging Face's files have it, and the rows of Attune's parameter that it holds.</summary>
/// <param name="Name">As in "model.layers.0.self_attn.q_proj.weight".</param>
/// <param name="Shape">In the file.</param>
/// <param name="Slot">Attune's parameter.</param>
/// <param name="FirstRow">Where in it: query, key and value share one matrix here, as do gate and up.</param>
/// <param name="Transposed">The file holds [in, out], as GPT-2's does; Attune's matrices are [out, in].</param>
/// <param name="TogetherHeads">Heads, where the file has each head's query, key and value together (GPT-NeoX), or rows of a gate and of
/// values, where it has each with its like (gpt-oss); 0 where it has neither.</param>
/// <param name="TogetherParts">How many stand together.</param>
/// <param name="Stacked">Matrices of one shape that the file has in one tensor, [Stacked, ...Shape]; 0 where this one has a tensor of
/// its own.</param>
/// <param name="Index">Which of them this is.</param>
/// <param name="Offset">What is added to the file's numbers: 1 where they are norms less one.</param>
public sealed record HuggingFaceTensor(
    string Name,
    ImmutableArray<long> Shape,
    string Slot,
    long FirstRow = 0,
    bool Transposed = false,
    float Offset = 0,
    int TogetherHeads = 0,
    int TogetherParts = 3,
    int Stacked = 0,
    int Index = 0
)
{
    /// <summary>Rows of the slot that it fills.</summary>
    public long Rows => Transposed ? Shape[1] : Shape[0];

    /// <summary>The name, with the place of one that is stacked.</summary>
    public string Key => Stacked == 0 ? Name : $"{Name}[{Index}]";

    /// <summary>Numbers of one matrix.</summary>
    public long Length => Shape.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>Of the file's whole tensor.</summary>
    public ImmutableArray<long> FileShape => Stacked == 0 ? Shape : [Stacked, .. Shape];

    /// <summary>All tensors of a model of this shape, in the order in which they are written.</summary>
    /// <param name="classes">of a head of classes</param>
    /// <param name="stacked">With a layer's experts in one tensor, as transformers 5 holds them; files mostly have one each.</param>
    public static ImmutableArray<HuggingFaceTensor> Of(TransformerConfig config, HeadKind head, int classes = 0, bool stacked = false)
    {
        return
        [
            .. config.Family switch
            {
                "gpt2" => HuggingFaceNames.Gpt2(config),
                "gpt_neox" => HuggingFaceNames.GptNeox(config),
                _ => HuggingFaceNames.Llama(config, stacked),
            },
            .. Heads(config, head, classes),
        ];
    }

    /// <summary>Rows of a matrix, a bias or an adapter's part as Attune has them: all queries, then all keys, then all values.</summary>
    /// <param name="values">[rows, ...], of the file</param>
    internal Tensor Apart(Tensor values) => Reordered(values, TogetherHeads, TogetherParts);

    /// <summary>The opposite.</summary>
    internal Tensor Together(Tensor values) => Reordered(values, TogetherParts, TogetherHeads);

    private Tensor Reordered(Tensor values, long first, long second)
    {
        if (TogetherHeads == 0)
        {
            return values;
        }

        using var scope = NewDisposeScope();
        var parts = values.reshape([first, second, values.size(0) / (first * second), .. values.shape[1..]]);
        return parts.transpose(0, 1).reshape(values.shape).MoveToOuterDisposeScope();
    }

    private static HuggingFaceTensor[] Heads(TransformerConfig config, HeadKind head, int classes) =>
        head switch
        {
            HeadKind.Score => [new("score.weight", [1, config.Width], "score")],
            HeadKind.Classes =>
            [
                new($"{ClassHead(config)}.weight", [classes, config.Width], "score"),
                new($"{ClassHead(config)}.bias", [classes], "score.bias"),
            ],
            _ when config.TiedHead => [],
            _ => [new($"{HuggingFaceNames.LanguageHead(config)}.weight", [config.VocabularySize, config.Width], "head")],
        };

    /// <summary>What transformers calls the head of a token classifier.</summary>
    internal static string ClassHead(TransformerConfig config) => config.Family is "gpt2" or "gpt_neox" ? "classifier" : "score";
}
