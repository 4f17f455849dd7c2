using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Methods.Supervised;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>Supervised fine-tuning of the policy on demonstrations.</summary>
[Runs(typeof(SftOptions))]
public sealed record SftStage : Stage
{
    [Description(
        "demonstrations (prompts with completions, or conversations), or texts to go on with: a file, a folder, or reviews:demonstrations"
    )]
    public required string Data { get; init; }

    [Description("demonstrations to evaluate with (default: test_split of the data)")]
    public string? HeldOutData { get; init; }

    [Description("rows to use, drawn at random; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("in conversations, learn only the assistant's messages; false learns the whole text, which is TRL's default")]
    public bool AssistantOnlyLoss { get; init; } = true;

    [Description("which replies of a conversation to learn: all or only the last")]
    public AssistantTurns AssistantTurns { get; init; } = AssistantTurns.All;

    [Flatten]
    public SftOptions Method { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Method.Training),
            .. DataSource.Missing("sft.data", Data, Rows),
            .. DataSource.MissingFile("sft.held_out_data", HeldOutData),
            .. AssistantOnlyLoss || AssistantTurns == AssistantTurns.All
                ? Array.Empty<string>()
                :
                [
                    "sft.assistant_turns is last, but with assistant_only_loss: false whole conversations are learned. Give "
                        + "one of the two.",
                ],
        ];

    public override Task<StageResult> RunAsync(StageContext context, CancellationToken cancel) =>
        DataSource.HoldsTexts(Data, context) ? ContinueAsync(context, cancel) : ImitateAsync(context, cancel);

    /// <summary>Texts without prompts: every token is learned, and long texts in pieces.</summary>
    private async Task<StageResult> ContinueAsync(StageContext context, CancellationToken cancel)
    {
        var (documents, hash) = DataSource.Documents(Data, Rows, context);
        var split = Split.ByText(documents, Method.TestSplit, context.Seed.For("split"));
        var (model, origin) = context.LoadLearner(Method.Training);
        using var shared = origin;
        using var trained = model;
        var encoder = context.LoadEncoder();
        var longest = Math.Min(Method.MaxLength, model.Config.ContextLength);
        var rows = EncodedSplit.Of(split, Data, part => encoder.EncodeAll(part, longest), context);
        context.Note(
            $"{Data}: {documents.Length} texts, each learned whole with an end token"
                + (rows.Train.Length + rows.HeldOut.Length > documents.Length ? $"; those beyond {longest} tokens in pieces" : "")
        );
        return await SupervisedFit.RunAsync(context, Kind, model, rows, Method, hash, cancel);
    }

    /// <summary>What the template can say: without tools, where it has no place for them.</summary>
    private SplitData<Demonstration> Said(SplitData<Demonstration> split, Encoder encoder, StageContext context)
    {
        var count = split.Training.Concat(split.HeldOut).Count(d => d.Prompt is Prompt.Chat { Tools: not null });
        if (count == 0 || encoder.Template.SaysTools)
        {
            return split;
        }

        context.Note($"{Data}: {count} conversations have tools, which the chat template has no place for: the model does not see them");
        return new([.. split.Training.Select(Without)], [.. split.HeldOut.Select(Without)]);

        static Demonstration Without(Demonstration item) =>
            item.Prompt is Prompt.Chat { Tools: not null } chat ? item with { Prompt = chat with { Tools = null } } : item;
    }

    private async Task<StageResult> ImitateAsync(StageContext context, CancellationToken cancel)
    {
        var (demonstrations, hash) = DataSource.Demonstrations(Data, Rows, context);
        if (!AssistantOnlyLoss && demonstrations.All(d => d.Prompt is not Prompt.Chat))
        {
            throw new ConfigurationException(
                $"sft.assistant_only_loss is false, but {Data} has no conversations: of prompts and completions the completions "
                    + "alone are learned. Leave it out."
            );
        }

        var split = HeldOutData is null
            ? Split.ByPrompt(demonstrations, Method.TestSplit, context.Seed.For("split"))
            : new SplitData<Demonstration>(demonstrations, DataSource.Demonstrations(HeldOutData, 0, context).Items);
        var (model, origin) = context.LoadLearner(Method.Training);
        using var shared = origin;
        using var trained = model;
        var encoder = context.LoadEncoder();
        // Rows that the model cannot read are left out as those beyond max_length are.
        var longest = Math.Min(Method.MaxLength, model.Config.ContextLength);
        var limit = Method is { Packing: true, PackingStrategy: PackingStrategy.BestFitSplit } ? int.MaxValue : longest;
        split = Said(split, encoder, context);
        var turns = AssistantOnlyLoss ? AssistantTurns : AssistantTurns.Last;
        var (replies, heldOutReplies) = (Replies.Of(split.Training, turns), Replies.Of(split.HeldOut, turns));
        if (replies.Length + heldOutReplies.Length > demonstrations.Length)
        {
            context.Note(
                $"{Data}: {demonstrations.Length} conversations hold {replies.Length + heldOutReplies.Length} replies, each of "
                    + "which is learned (assistant_turns)"
            );
        }

        var rows = EncodedSplit.Of(new SplitData<Demonstration>(replies, heldOutReplies), Data, Encoded, context);
        return await SupervisedFit.RunAsync(context, Kind, model, rows, Method, hash, cancel);

        EncodedData<TokenSequence> Encoded(ImmutableArray<Demonstration> part) =>
            AssistantOnlyLoss
                ? encoder.EncodeAll(part, limit, Method.Truncation)
                : Replies.Whole(encoder.EncodeAll(part, limit, Method.Truncation), part, encoder.Tokenizer.BeginToken is null ? 0 : 1);
    }
}
