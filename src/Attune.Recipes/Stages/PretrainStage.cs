using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Methods.Supervised;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>Which family a fresh model belongs to.</summary>
public enum ModelFamily
{
    Gpt2,
    Llama,
}

/// <summary>A language model from nothing: every token of every text is learned.</summary>
public sealed record PretrainStage : Stage
{
    public override string Kind => "pretrain";
    public override string Purpose => "train a language model from scratch";
    public override string Title => "Pretraining";

    [Description("texts: a file or a folder, reviews:documents, or tiny:documents or arithmetic:documents with their tokenizers")]
    public required string Data { get; init; }

    [Description("rows to use, drawn at random; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("gpt2 (learned positions, LayerNorm, GELU) or llama (RoPE, RMSNorm, SwiGLU)")]
    public ModelFamily Family { get; init; } = ModelFamily.Llama;

    [Description("transformer layers")]
    [Range(1, 1000)]
    public int Layers { get; init; } = 4;

    [Description("width of the residual stream")]
    [Range(8, 65_536)]
    public int Width { get; init; } = 256;

    [Description("attention heads")]
    [Range(1, 1024)]
    public int Heads { get; init; } = 4;

    [Description("key-value heads (llama); 0 for as many as heads")]
    [Range(0, 1024)]
    public int KeyValueHeads { get; init; }

    [Description("width of the feed-forward layer (llama); 0 for 8/3 of the width, rounded up to 32")]
    [Range(0, 1_000_000)]
    public int HiddenWidth { get; init; }

    [Description("longest text the model can read, in tokens")]
    [Range(8, 1_000_000)]
    public int ContextLength { get; init; } = 128;

    [Flatten]
    public SftOptions Method { get; init; } =
        new()
        {
            Packing = true,
            TestSplit = 0.01,
            Training = new SftOptions().Training with { LearningRate = 1e-3, WeightDecay = 0.1, AdamBeta2 = 0.95 },
        };

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. given.Tokenizer || DataSource.LettersOf(Data) is not null ? [] : MissingPolicy(given),
            .. DataSource.Missing("pretrain.data", Data, Rows),
            .. Method.Training.Lora.R > 0
                ? ["pretrain.lora.r is given, but there are no weights yet to adapt. Leave lora out."]
                : Array.Empty<string>(),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Policy = true, Tokenizer = false };

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var (documents, hash) = DataSource.Documents(Data, Rows, context);
        if (context.Artifacts is { Policy: { } given, Tokenizer: null })
        {
            context.Note($"pretrain makes a new model: of {given} only the tokenizer is used. sft goes on with its weights, on texts too.");
        }

        var split = Split.ByText(documents, Method.TestSplit, context.Seed.For("split"));
        if (DataSource.LettersOf(Data) is { } letters)
        {
            var place = Path.Combine(context.Folder, "tokenizer");
            letters.Save(place);
            context.Artifacts = context.Artifacts with { Tokenizer = place };
        }

        var encoder = context.LoadEncoder();
        var options = Method with { MaxLength = Math.Min(Method.MaxLength, ContextLength) };
        var train = encoder.EncodeAll(split.Training, options.MaxLength);
        var heldOut = encoder.EncodeAll(split.HeldOut, options.MaxLength);
        context.NoteDropped(train.Dropped, Data);
        using var model = new LanguageModel(
            Shape(encoder.Tokenizer.VocabularySize),
            context.Seed.For("weights"),
            options.Training.Precision
        );
        return await SupervisedFit.RunAsync(
            context,
            Kind,
            model,
            new EncodedSplit<TokenSequence>(train.Items, heldOut.Items),
            options,
            hash,
            cancel
        );
    }

    private TransformerConfig Shape(int vocabulary) =>
        Family == ModelFamily.Gpt2
            ? TransformerConfig.Gpt2(vocabulary, Width, Layers, Heads, ContextLength)
            : TransformerConfig.Llama(
                vocabulary,
                Width,
                Layers,
                Heads,
                KeyValueHeads > 0 ? KeyValueHeads : Heads,
                HiddenWidth > 0 ? HiddenWidth : (Width * 8 / 3 + 31) / 32 * 32,
                ContextLength
            );
}
