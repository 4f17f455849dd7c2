using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Judging;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;

namespace Attune.Recipes.Stages;

/// <summary>Measures a judge on pairs that people have labelled, and trains nothing.</summary>
public sealed record JudgeStage : Stage
{
    public const string Key = "judge";
    public const string Summary = "measure how far a model that judges agrees with people";

    public override string Kind => Key;
    public override string Purpose => Summary;
    public override string Title => "Judge";

    [Description("pairs that people have labelled")]
    public required string Data { get; init; }

    [Description("rows to use, drawn at random; 0 for all")]
    [Range(0, 1_000_000)]
    public int Rows { get; init; } = 300;

    [Flatten]
    public required PairJudgeOptions Judging { get; init; }

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [.. DataSource.MissingFile($"{Kind}.data", Data), .. Judging.Missing(Kind)];

    internal override string? AsksOutside => Judging.Judge.Chat.Outside;

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var (rows, hash) = DataSource.FromFile<Preference>(Data, 0, context);
        var order = context.Seed.For("rows").Rng().Permutation(rows.Length);
        ImmutableArray<Preference> labelled = [.. order.Take(Rows == 0 ? rows.Length : Rows).Select(i => rows[i])];
        var owned = new List<IDisposable>();
        try
        {
            var (judge, constitution, identity) = Judging.Open(context, owned);
            var pairs = await CompareAsync(context, judge, constitution, labelled, cancel);
            return Measured(context, judge, identity, hash, pairs);
        }
        finally
        {
            owned.ForEach(o => o.Dispose());
        }
    }

    /// <summary>Which answer is a is chance, so that a judge that always says A has no agreement by it.</summary>
    private static async Task<JudgedPair[]> CompareAsync(
        StageContext context,
        IPairJudge judge,
        Constitution constitution,
        ImmutableArray<Preference> labelled,
        CancellationToken cancel
    )
    {
        AnswerPair[] pairs =
        [
            .. labelled.Select(
                (p, i) =>
                    context.Seed.For("shown", i).Rng().NextInt(2) == 0
                        ? new AnswerPair(p.Prompt, p.Chosen, p.Rejected, p.Cut)
                        : new AnswerPair(p.Prompt, p.Rejected, p.Chosen, p.Cut.Select(1, 0))
            ),
        ];
        var comparisons = await PairJudgeOptions.CompareAsync(context, judge, constitution, pairs, cancel);
        var preferA = pairs.Where((p, i) => p.A == labelled[i].Chosen).ToHashSet<object>(ReferenceEqualityComparer.Instance);
        return [.. comparisons.Select(c => new JudgedPair(c, preferA.Contains(c.Pair)))];
    }

    private StageResult Measured(StageContext context, IPairJudge judge, string identity, DataHash data, JudgedPair[] pairs)
    {
        var decided = pairs.Count(p => p.Judge is not null);
        if (decided == 0)
        {
            throw new AttuneException($"{judge.Name} decided none of {pairs.Length} pairs; nothing can be measured of it.");
        }

        var figures = JudgeFigures.Of(pairs, context.Seed);
        var kappa = JudgeMeasurement.IntervalOf(pairs, JudgeMeasurement.CohensKappa, context.Seed);
        var path = Path.Combine(context.Folder, JudgeFile.FileName);
        static double? Finite(double value) => double.IsFinite(value) ? value : null;
        new JudgeFile(
            judge.Name,
            identity,
            data.Name,
            data.Sha256,
            decided,
            figures["agreement"],
            Finite(kappa.Value),
            Finite(kappa.Low),
            Finite(kappa.High)
        ).Write(path);
        context.Artifacts = context.Artifacts with { Judge = path };
        context.Note(JudgeFigures.Reading(judge.Name, figures, kappa));
        return new StageResult(Kind, 0, figures) { Calibration = JudgeMeasurement.CalibrationOf(pairs) };
    }
}
