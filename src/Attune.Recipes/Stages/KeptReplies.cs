using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Batches;

namespace Attune.Recipes.Stages;

/// <summary>What else the model can do: replies that should stay about as likely as they were while it learns something narrow.</summary>
public sealed record KeptReplies
{
    [Description("file of demonstrations that are not learned: how likely their replies are is measured before and after (default: none)")]
    public string? KeptData { get; init; }

    [Description("rows of it to measure with, drawn at random")]
    [Range(1, 1_000_000)]
    public int KeptRows { get; init; } = 64;

    internal IEnumerable<string> Missing(string kind) => DataSource.MissingFile($"{kind}.kept_data", KeptData);

    /// <summary>The replies in tokens; empty without a file.</summary>
    /// <exception cref="DataException">None of the rows fits the model's context.</exception>
    internal ImmutableArray<TokenSequence> Read(StageContext context, Encoder encoder, int longest)
    {
        if (KeptData is null)
        {
            return [];
        }

        var encoded = encoder.EncodeAll(DataSource.FromFile<Demonstration>(KeptData, KeptRows, context).Items, longest);
        context.NoteDropped(encoded.Dropped, KeptData);
        return encoded.Items.IsEmpty
            ? throw new DataException($"{KeptData}: no row is left to measure with; the notes above say why rows were left out.")
            : encoded.Items;
    }

    /// <summary>exp of the mean negative log-probability of the replies' tokens.</summary>
    /// <param name="replies">At least one.</param>
    internal static double Perplexity(LanguageModel model, ImmutableArray<TokenSequence> replies)
    {
        var logProbs = AnswerLogProbs.Of(model, replies);
        return Math.Exp(-logProbs.Sum(l => l.Sum(p => (double)p)) / logProbs.Sum(l => l.Length));
    }

    /// <summary>Adds both measurements to a stage's figures.</summary>
    internal static void Add(Dictionary<string, double> figures, double? before, LanguageModel after, ImmutableArray<TokenSequence> replies)
    {
        if (before is { } known)
        {
            (figures["kept_perplexity_before"], figures["kept_perplexity_after"]) = (known, Perplexity(after, replies));
        }
    }
}
