using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Data.Judging;
using Attune.Recipes.Running;

namespace Attune.Recipes.Sources;

/// <summary>The group of options that says who compares answers, by which constitution, and how.</summary>
public sealed record PairJudgeOptions
{
    [Description("file of the constitution: principles in YAML")]
    public required string Constitution { get; init; }

    [Description("who compares")]
    public CriticOptions Judge { get; init; } = new();

    [Description("let the judge think aloud before it chooses; its probabilities are then clamped to 40..60%")]
    public bool ChainOfThought { get; init; }

    [Description("replies to sample for each order where the judge tells no log-probabilities")]
    [Range(1, 1000)]
    public int Votes { get; init; } = 8;

    internal PrincipleJudgeOptions Asking => new() { ChainOfThought = ChainOfThought, Votes = Votes };

    /// <param name="kind">The stage, for messages.</param>
    internal IEnumerable<string> Missing(string kind) =>
        [
            .. Judge.Missing($"{kind}.judge"),
            .. ConstitutionFile.Missing($"{kind}.constitution", Constitution, Judge.Kind == CriticKind.Rule),
        ];

    /// <param name="owned">Takes what must be disposed of.</param>
    internal (IPairJudge Judge, Constitution Constitution, string Hash) Open(StageContext context, ICollection<IDisposable> owned)
    {
        var constitution = ConstitutionFile.Read(Constitution);
        var judge = Judge.OpenJudge(context, Asking, owned);
        return (judge, constitution, JudgeFile.HashOf(judge, constitution));
    }

    /// <summary>Asks the judge about every pair in both orders, and keeps what was asked and said in the stage's folder.</summary>
    internal static async Task<ImmutableArray<ModelComparison>> CompareAsync(
        StageContext context,
        IPairJudge judge,
        Constitution constitution,
        IReadOnlyList<AnswerPair> pairs,
        CancellationToken cancel
    )
    {
        var progress = new ImmediateProgress(n => context.Screen.Report($"asking {judge.Name}", n, pairs.Count * 2, ""));
        var comparisons = await ModelFeedback.CompareAsync(judge, constitution, pairs, context.Seed, progress, cancel);
        ModelFeedbackFile.Write(Path.Combine(context.Folder, ModelFeedbackFile.FileName), comparisons);
        return comparisons;
    }
}
