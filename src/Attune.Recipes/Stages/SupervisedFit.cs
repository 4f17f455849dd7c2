using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Supervised;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;
using Attune.Training.Experience;

namespace Attune.Recipes.Stages;

/// <summary>What supervised fine-tuning and pretraining share once their rows are tokens.</summary>
internal static class SupervisedFit
{
    public static async Task<StageResult> RunAsync(
        StageContext context,
        string kind,
        LanguageModel model,
        EncodedSplit<TokenSequence> data,
        SftOptions options,
        DataHash hash,
        CancellationToken cancel
    )
    {
        var (train, heldOut) = (data.Train, data.HeldOut);
        if (train.IsEmpty)
        {
            throw new DataException($"{hash.Name}: no row is left to learn from; the notes above say why rows were left out.");
        }

        var rows = Rows(train, options, model.Config.ContextLength);
        Metrics Evaluate() => heldOut.IsEmpty ? new Metrics() : Sft.Evaluate(model, heldOut);
        var before = Evaluate();
        context.FreezeLayers(model, options.Training);
        var experience = new DatasetExperience<PackedRow>(rows, options.Training.BatchSize, options.Epochs)
        {
            Evaluate = Evaluate,
            EvaluateEvery = options.EvaluateEvery,
        };
        var progress = await context.FitAsync(
            new Sft.Objective(model, options.Loss),
            experience,
            options.Training,
            [hash],
            kind == "pretrain" ? "pretraining" : "fine-tuning",
            cancel
        );
        var after = Evaluate();
        context.LogEvaluation(progress, after);
        ModelFiles.Save(model, context.FinalFolder);
        context.LoadEncoder().Save(context.FinalFolder);
        context.Artifacts = context.Artifacts with
        {
            Policy = context.FinalFolder,
            Pretrained = context.Artifacts.Pretrained ?? context.Artifacts.Policy ?? context.FinalFolder,
            Tokenizer = null,
        };
        return new StageResult(kind, 0, Figures(before, after, train, rows.Length, heldOut.Length));
    }

    // A packed row may be longer than the context: positions begin anew with each text.
    private static ImmutableArray<PackedRow> Rows(ImmutableArray<TokenSequence> train, SftOptions options, int context) =>
        !options.Packing ? [.. train.Select(t => new PackedRow([t]))]
        : options.PackingStrategy == PackingStrategy.FirstFit ? Packing.FirstFitDecreasing(train, options.MaxLength)
        : Packing.BestFitDecreasing([.. train.SelectMany(t => Packing.Pieces(t, Math.Min(options.MaxLength, context)))], options.MaxLength);

    private static Dictionary<string, double> Figures(
        Metrics before,
        Metrics after,
        ImmutableArray<TokenSequence> train,
        int rows,
        int heldOut
    )
    {
        var figures = new Dictionary<string, double>
        {
            ["examples"] = train.Length,
            ["rows"] = rows,
            ["held_out"] = heldOut,
            ["num_tokens"] = train.Sum(t => (double)t.Length),
        };
        if (heldOut > 0)
        {
            figures["eval_loss_before"] = before["eval_loss"];
            figures["eval_loss"] = after["eval_loss"];
            figures["eval_perplexity_before"] = before["eval_perplexity"];
            figures["eval_perplexity"] = after["eval_perplexity"];
        }

        return figures;
    }
}
