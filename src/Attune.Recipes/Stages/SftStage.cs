using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Methods;
using Attune.Methods.Supervised;
using Attune.Models;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;
using Attune.Training.Experience;

namespace Attune.Recipes.Stages;

/// <summary>Supervised fine-tuning of the policy on demonstrations.</summary>
[Runs(typeof(SftOptions))]
public sealed record SftStage : Stage
{
    [Description("demonstrations: a prompt-completion or language-modelling file, or reviews:demonstrations")]
    public required string Data { get; init; }

    [Description("rows to use; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("of a conversation learn what the assistant says alone; false learns the whole text, which is TRL's default")]
    public bool AssistantOnlyLoss { get; init; } = true;

    [Description("replies of a conversation to learn: all or last")]
    public AssistantTurns AssistantTurns { get; init; } = AssistantTurns.All;

    [Flatten]
    public SftOptions Method { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Method.Training),
            .. DataSource.Missing("sft.data", Data, Rows),
            .. AssistantOnlyLoss || AssistantTurns == AssistantTurns.All
                ? Array.Empty<string>()
                :
                [
                    "sft.assistant_turns is last, but with assistant_only_loss: false whole conversations are learned. Give "
                        + "one of the two.",
                ],
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given;

    public override async Task<StageResult> RunAsync(StageContext room, CancellationToken cancel)
    {
        var (demonstrations, hash) = DataSource.Demonstrations(Data, Rows, room);
        if (!AssistantOnlyLoss && demonstrations.All(d => d.Prompt is not Prompt.Chat))
        {
            throw new ConfigurationException(
                $"sft.assistant_only_loss is false, but {Data} has no conversations: of prompts and completions the completions "
                    + "alone are learned. Leave it out."
            );
        }

        var split = Split.ByPrompt(demonstrations, Method.TestSplit, room.Seed.For("split"));
        var (model, origin) = room.LoadLearner(Method.Training);
        using var shared = origin;
        using var trained = model;
        var encoder = room.LoadEncoder();
        // Rows that the model cannot read are left out as those beyond max_length are.
        var longest = Math.Min(Method.MaxLength, model.Config.ContextLength);
        var turns = AssistantOnlyLoss ? AssistantTurns : AssistantTurns.Last;
        var (replies, heldOutReplies) = (Replies.Of(split.Training, turns), Replies.Of(split.HeldOut, turns));
        if (replies.Length + heldOutReplies.Length > demonstrations.Length)
        {
            room.Note(
                $"{Data}: {demonstrations.Length} conversations hold {replies.Length + heldOutReplies.Length} replies, each of "
                    + "which is learned (assistant_turns)"
            );
        }

        EncodedData<TokenSequence> Encoded(ImmutableArray<Demonstration> rows) =>
            AssistantOnlyLoss
                ? encoder.EncodeAll(rows, longest)
                : Replies.Whole(encoder.EncodeAll(rows, longest), rows, encoder.Tokenizer.BeginToken is null ? 0 : 1);
        var (train, heldOut) = (Encoded(replies), Encoded(heldOutReplies));
        room.NoteDropped(train.Dropped, Data);
        room.NoteDropped(heldOut.Dropped, Data + " (held out)");
        return await SupervisedFit.RunAsync(room, Kind, model, train.Items, heldOut.Items, Method, hash, cancel);
    }
}

/// <summary>What supervised fine-tuning and pretraining share once their rows are tokens.</summary>
internal static class SupervisedFit
{
    public static async Task<StageResult> RunAsync(
        StageContext room,
        string kind,
        LanguageModel model,
        ImmutableArray<TokenSequence> train,
        ImmutableArray<TokenSequence> heldOut,
        SftOptions options,
        DataHash hash,
        CancellationToken cancel
    )
    {
        var clock = Stopwatch.StartNew();
        if (train.IsEmpty)
        {
            throw new DataException($"{hash.Name}: no row is left to learn from; the notes above say why rows were left out.");
        }

        var rows = options.Packing ? Packing.FirstFitDecreasing(train, options.MaxLength) : [.. train.Select(t => new PackedRow([t]))];
        Metrics Evaluate() => heldOut.IsEmpty ? new Metrics() : Sft.Evaluate(model, heldOut);
        var before = Evaluate();
        room.FreezeLayers(model, options.Training);
        var experience = new DatasetExperience<PackedRow>(rows, options.Training.BatchSize, options.Epochs)
        {
            Evaluate = Evaluate,
            EvaluateEvery = options.EvaluateEvery,
        };
        var progress = await room.FitAsync(
            new Sft.Objective(model),
            experience,
            options.Training,
            [hash],
            kind == "sft" ? "fine-tuning" : "pretraining",
            cancel
        );
        var after = Evaluate();
        room.LogEvaluation(progress, after);
        ModelFiles.Save(model, room.FinalFolder);
        room.LoadEncoder().Save(room.FinalFolder);
        room.Artifacts = room.Artifacts with
        {
            Policy = room.FinalFolder,
            Pretrained = room.Artifacts.Pretrained ?? room.Artifacts.Policy ?? room.FinalFolder,
            Tokenizer = null,
        };
        return new StageResult(kind, clock.Elapsed.TotalSeconds, Figures(before, after, train, rows.Length, heldOut.Length));
    }

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
