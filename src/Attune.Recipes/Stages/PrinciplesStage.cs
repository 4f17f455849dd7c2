using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>Measures, without training anything, how often the policy's answers break the principles of a constitution.</summary>
public sealed record PrinciplesStage : Stage
{
    public override string Kind => "principles";
    public override string Purpose => "measure how often answers break the principles of a constitution";
    public override string Title => "Principles";

    [Description("file of the constitution; answers are read by the words that its principles avoid")]
    public required string Constitution { get; init; }

    [Description("prompts to answer: a file with prompts, or reviews:held-out-prompts")]
    public required string Prompts { get; init; }

    [Description("prompts to use, drawn at random; 0 for all of a file")]
    [Range(0, 1_000_000)]
    public int Rows { get; init; }

    [Description("hidden utility to measure help with: reviews (default: that of the simulated annotators)")]
    public string? Gold { get; init; }

    [Flatten]
    public DrawnAnswers Answers { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. DataSource.Missing($"{Kind}.prompts", Prompts, Rows),
            .. Utilities.Missing($"{Kind}.gold", Gold),
            .. ConstitutionFile.Missing($"{Kind}.constitution", Constitution, byRule: true),
        ];

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var constitution = ConstitutionFile.Read(Constitution);
        var (prompts, _) = DataSource.Prompts(Prompts, Rows, context);
        var answered = await new PolicyAnswers(context, 1, Answers.Sampling, "principles").SampleAsync(prompts, prompts.Length, cancel);
        var flat = PrincipleFigures.Flat(answered);
        var figures = new Dictionary<string, double>(PrincipleFigures.Of(constitution, flat, Gold ?? context.Artifacts.Utility))
        {
            ["prompts"] = prompts.Length,
            ["answers"] = flat.Length,
        };
        return new StageResult(Kind, 0, figures);
    }
}
