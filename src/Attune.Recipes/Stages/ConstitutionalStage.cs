using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Data.Judging;
using Attune.Data.Order;
using Attune.Methods.Supervised;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;

namespace Attune.Recipes.Stages;

/// <summary>The supervised stage of Constitutional AI: answer, criticise, revise, and fine-tune on the revisions.</summary>
[Runs(typeof(ConstitutionalOptions))]
public sealed record ConstitutionalStage : Stage
{
    private const int Shown = 8;

    [Description("file of the constitution: principles in YAML")]
    public required string Constitution { get; init; }

    [Description("prompts to answer: a file with prompts, or reviews:prompts")]
    public required string Prompts { get; init; }

    [Description("prompts to use, drawn at random; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("who criticises and revises")]
    public CriticOptions Critic { get; init; } = new();

    [Description("demonstrations mixed with the revisions, so that help is not unlearned: a file, or reviews:demonstrations")]
    public string? Helpful { get; init; }

    [Description("demonstrations to mix in, drawn at random; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int HelpfulRows { get; init; }

    [Description("fine-tune the pretrained model, as the paper does, instead of the policy that answered")]
    public bool FromPretrained { get; init; }

    [Description("held-out prompts to measure with, before and after: a file, or reviews:held-out-prompts")]
    public string? HeldOutPrompts { get; init; }

    [Description("held-out prompts to answer")]
    [Range(1, 100_000)]
    public int EvaluationPrompts { get; init; } = 128;

    [Description("hidden utility to measure help with: reviews (default: that of the simulated annotators)")]
    public string? Gold { get; init; }

    [Flatten]
    public DrawnAnswers Answers { get; init; } = new();

    [Flatten]
    public ConstitutionalOptions Method { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Method.Fit.Training),
            .. DataSource.Missing($"{Kind}.prompts", Prompts, Rows),
            .. Helpful is null ? [] : DataSource.Missing($"{Kind}.helpful", Helpful, HelpfulRows),
            .. HeldOutPrompts is null ? [] : DataSource.Missing($"{Kind}.held_out_prompts", HeldOutPrompts, EvaluationPrompts),
            .. Utilities.Missing($"{Kind}.gold", Gold),
            .. Critic.Missing($"{Kind}.critic"),
            .. ConstitutionFile.Missing($"{Kind}.constitution", Constitution, Critic.Kind == CriticKind.Rule),
        ];

    internal override string? AsksOutside => Critic.Chat.Outside;

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var constitution = ConstitutionFile.Read(Constitution);
        var (prompts, hash) = DataSource.Prompts(Prompts, Rows, context);
        var measured = new ConstitutionalMeasure(this, constitution, context);
        var before = await measured.OfAsync(null, "_before", cancel);
        var records = await new Revisions(this, constitution, context).MakeAsync(prompts, cancel);
        if (FromPretrained)
        {
            context.Artifacts = context.Artifacts with { Policy = context.Artifacts.Pretrained ?? context.RequirePolicy() };
        }

        var (model, origin) = context.LoadLearner(Method.Fit.Training);
        using var shared = origin;
        using var trained = model;
        var result = await FitAsync(context, trained, Demonstrations(prompts, records, context), hash, cancel);
        var figures = new Dictionary<string, double>([
            .. result.Metrics,
            .. before,
            .. await measured.OfAsync(trained, "_after", cancel),
            .. Changes(constitution, records),
        ]);
        measured.LogSamples();
        // Those that changed tell more.
        return result with { Metrics = figures, Revisions = [.. records.OrderBy(r => r.Final == r.Response).Take(Shown)] };
    }

    private ImmutableArray<Demonstration> Demonstrations(
        ImmutableArray<Prompt> prompts,
        ImmutableArray<RevisionRecord> records,
        StageContext context
    )
    {
        var revised = records.SelectMany((r, i) => Constitutional.Demonstrations(prompts[i], r, Method.Revisions));
        var helpful = Helpful is null ? [] : DataSource.Demonstrations(Helpful, HelpfulRows, context).Items;
        var empty = revised.Count(d => d.Answer.Trim().Length == 0);
        if (empty > 0)
        {
            context.Note($"{empty} revisions are empty and are not learned");
        }

        return [.. revised.Where(d => d.Answer.Trim().Length > 0), .. helpful];
    }

    private async Task<StageResult> FitAsync(
        StageContext context,
        LanguageModel model,
        ImmutableArray<Demonstration> demonstrations,
        DataHash hash,
        CancellationToken cancel
    )
    {
        var encoder = context.LoadEncoder();
        var longest = Math.Min(Method.Fit.MaxLength, model.Config.ContextLength);
        var split = Split.ByPrompt(demonstrations, Method.Fit.TestSplit, context.Seed.For("split"));
        var rows = EncodedSplit.Of(split, "revisions", part => encoder.EncodeAll(part, longest, Method.Fit.Truncation), context);
        return await SupervisedFit.RunAsync(context, Kind, model, rows, Method.Fit, hash, cancel);
    }

    /// <summary>How often a round changed its answer, and how often answers and revisions break a principle.</summary>
    private static Dictionary<string, double> Changes(Constitution constitution, ImmutableArray<RevisionRecord> records)
    {
        double Broken(Func<RevisionRecord, string> text) =>
            records.Average(r => constitution.Principles.Any(p => !RuleCritic.Found(p, text(r)).IsEmpty) ? 1.0 : 0);
        return new()
        {
            ["revised_share"] = records.Average(r => r.Final == r.Response ? 0 : 1.0),
            ["broken_share_responses"] = Broken(r => r.Response),
            ["broken_share_revisions"] = Broken(r => r.Final),
            ["evasive_share_revisions"] = records.Average(r => Evasion.Is(r.Final) ? 1.0 : 0),
        };
    }
}
