using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core.Options;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Methods.Policy;
using Attune.Recipes.Running;
using Attune.Training.Evaluation;
using Attune.Worlds.Exact;

namespace Attune.Recipes.Stages;

/// <summary>
/// Measures, without training anything, what choosing the best of n answers would give, for several n from one set of answers.
/// </summary>
public sealed record BestOfNStage : Stage
{
    public override string Kind => "best-of-n";
    public override string Purpose => "measure what the best of n answers would give";
    public override string Title => "Best of n";

    [Flatten]
    public required PolicyTask Task { get; init; }

    [Description("values of n, the number of answers to choose from; one set of answers, one more than the largest n, serves all")]
    [Range(1, 10_000)]
    public ImmutableArray<int> Counts { get; init; } = [1, 2, 4, 8, 16, 32, 64];

    [Description("held-out prompts to answer")]
    [Range(1, 100_000)]
    public int EvaluationPrompts { get; init; } = 64;

    [Flatten]
    public ScoreOptions Scores { get; init; } = new();

    [Description("problems with a right result: the share solved by several ways to choose")]
    public SolutionOptions Solutions { get; init; } = new();

    [Description("sampling temperature: below 1 more predictable, above 1 more varied")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 53;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. Task.Missing(Kind, EvaluationPrompts, given),
            .. Solutions.Missing(Kind, given),
            .. Counts.IsEmpty ? ["best-of-n.counts is empty; expected numbers of answers, such as [1, 4, 16]."] : Array.Empty<string>(),
        ];

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var sampling = new AnswerSampling { Temperature = Temperature, MaxNewTokens = MaxNewTokens };
        using var setup = new PolicySetup(Kind, Task, new AnswerOptions(sampling, EvaluationPrompts), context);
        setup.CheckContext();
        await setup.Sampler.UseWeightsAsync(setup.Policy, 0, cancel);
        var answered = await AnswerAsync(setup, context, cancel);
        var solutions = await SolveAsync(setup, answered, context, cancel);
        var exact = await ExactEvaluation.PrepareAsync(setup.Evaluation, cancel);
        var figures = new Dictionary<string, double> { ["prompts"] = answered.Count, ["answers"] = answered.Sum(a => a.Rollouts.Length) };
        foreach (var (n, index) in Counts.Order().Distinct().Select((n, index) => (n, index)))
        {
            var measured = Measure(answered, n);
            measured.Add(exact is null ? new Metrics() : Count(exact, n));
            measured.Add(solutions?.Measure(n) ?? new Metrics());
            context.LogEvaluation(new Progress(index + 1, n, (long)n * answered.Count, context.Seed), measured);
            foreach (var (name, value) in measured.Means())
            {
                figures[$"best_of_n/{n}/{name["eval/".Length..]}"] = value;
            }
        }

        Summarise(figures, answered);
        if (exact is not null)
        {
            figures["kl_nats"] = figures[$"best_of_n/{Counts.Max()}/exact_kl"];
        }

        LogSamples(context, setup, answered);
        foreach (var note in setup.Reward.Notes.Concat(solutions?.Notes ?? []))
        {
            context.Note(note);
        }

        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures) { Notes = context.Notes };
    }

    /// <summary>All answers to one prompt.</summary>
    /// <param name="Choosing">By which the best is chosen: the proxy less the penalty.</param>
    private sealed record Answered(int Prompt, Rollout[] Rollouts, double[] Choosing, double[] Proxy, double[]? Gold)
    {
        public double[] Judge => Gold ?? Proxy;
    }

    private async Task<List<Answered>> AnswerAsync(PolicySetup setup, StageContext context, CancellationToken cancel)
    {
        // One more than are chosen from: the win rate needs an answer that was not among them.
        var (prompts, each) = (Math.Min(EvaluationPrompts, setup.HeldOut.Count), Counts.Max() + 1);
        var answered = new List<Answered>();
        // In portions, so that a cancelled run ends soon.
        foreach (var part in Enumerable.Range(0, prompts).Chunk(Math.Max(1, 512 / each)))
        {
            SampleRequest[] requests =
            [
                .. part.SelectMany(i =>
                    Enumerable.Range(0, each).Select(k => setup.HeldOut.Request(i, context.Seed.For("best-of-n", i, k)))
                ),
            ];
            var rollouts = await setup.Sampler.SampleAsync(requests, setup.Sampling, cancel);
            var proxy = await setup.Reward.ScoreAsync(rollouts, cancel);
            var gold = setup.Evaluation.Gold is null ? null : await setup.Evaluation.Gold.ScoreAsync(rollouts, cancel);
            for (var row = 0; row < part.Length; row++)
            {
                var range = (row * each)..((row + 1) * each);
                Rollout[] own = [.. rollouts.Take(range)];
                double[] scores = [.. proxy.Take(range).Select(s => s.Total)];
                double[] choosing = [.. scores.Zip(own, (s, r) => Scores.Of(s, r, MaxNewTokens))];
                answered.Add(new Answered(part[row], own, choosing, scores, gold?.Take(range).Select(s => s.Total).ToArray()));
            }

            context.Screen.Report("sampling answers", answered.Count * each, (long)prompts * each, "");
        }

        return answered;
    }

    /// <summary>Null where no answer is known to be right.</summary>
    private async Task<SolutionFigures?> SolveAsync(
        PolicySetup setup,
        List<Answered> answered,
        StageContext context,
        CancellationToken cancel
    )
    {
        if (Solutions.Match is null)
        {
            return null;
        }

        var owned = new List<IDisposable>();
        try
        {
            Rollout[][] problems = [.. answered.Select(a => a.Rollouts)];
            return await SolutionFigures.OfAsync(
                Kind,
                problems,
                Solutions.Of(context.Artifacts),
                setup.Encoder,
                context.Seed,
                owned,
                cancel
            );
        }
        finally
        {
            owned.ForEach(part => part.Dispose());
        }
    }

    private static Metrics Measure(List<Answered> answered, int n)
    {
        var metrics = new Metrics();
        var (proxies, golds) = (new List<double>(), new List<double>());
        foreach (var answers in answered)
        {
            var weights = BestOfSamples.Weights(answers.Choosing, n);
            double Mean(double[] values) => weights.Zip(values, (w, v) => w * v).Sum();
            proxies.Add(Mean(answers.Proxy));
            metrics.Add("eval/proxy_win_rate", BestOfSamples.WinRate(answers.Choosing, answers.Choosing, n));
            metrics.Add("eval/win_rate", BestOfSamples.WinRate(answers.Choosing, answers.Judge, n));
            metrics.Add("eval/response_length", Mean([.. answers.Rollouts.Select(r => (double)r.Sequence.AnswerLength)]));
            if (answers.Gold is { } gold)
            {
                golds.Add(Mean(gold));
            }
        }

        AddMean(metrics, "eval/proxy_reward", proxies);
        AddMean(metrics, "eval/gold_reward", golds);
        metrics.Set("eval/kl_bound", BestOfN.DivergenceBound(n));
        metrics.Set("eval/win_rate_bound", BestOfSamples.WinRateBound(n));
        return metrics;
    }

    /// <summary>The same without chance, and the divergence itself, where answers can be enumerated.</summary>
    private Metrics Count(ExactEvaluation exact, int n) =>
        exact.Measure(
            [
                .. exact.Questions.Select(q =>
                    BestOfN.Of(q.Prior, [.. exact.Space.Rollouts(q.Prompt).Zip(q.Proxy!, (r, s) => Scores.Of(s, r, MaxNewTokens))], n)
                ),
            ],
            beta: null
        );

    /// <summary>Mean over prompts and its standard error.</summary>
    private static void AddMean(Metrics metrics, string name, List<double> values)
    {
        if (values.Count > 0)
        {
            var (mean, variance) = Moments.Of([.. values]);
            metrics.Set(name, mean);
            metrics.Set(name + "_se", Math.Sqrt(variance / Math.Max(1, values.Count - 1)));
        }
    }

    /// <summary>One answer against the best of the largest n, under the names that other stages have.</summary>
    private void Summarise(Dictionary<string, double> figures, List<Answered> answered)
    {
        var one = Measure(answered, 1);
        var largest = Measure(answered, Counts.Max());
        foreach (var name in new[] { "proxy_reward", "gold_reward", "response_length" }.Where(name => one.Contains("eval/" + name)))
        {
            (figures[name + "_before"], figures[name + "_after"]) = (one["eval/" + name], largest["eval/" + name]);
        }

        figures["win_rate_vs_reference"] = largest["eval/win_rate"];
        figures["kl_nats_bound"] = largest["eval/kl_bound"];
    }

    /// <summary>The first answer, and the best of the largest n.</summary>
    private void LogSamples(StageContext context, PolicySetup setup, List<Answered> answered)
    {
        foreach (var answers in answered.Take(8))
        {
            var best = Enumerable.Range(0, Counts.Max()).MaxBy(i => answers.Choosing[i]);
            foreach (var (index, updates) in new[] { (0, 0L), (best, (long)Counts.Max()) })
            {
                var sequence = answers.Rollouts[index].Sequence;
                context.LogSample(
                    new SampleEvent(
                        Kind,
                        updates,
                        answers.Prompt,
                        setup.Encoder.Tokenizer.Decode(sequence.Prompt),
                        setup.Encoder.Tokenizer.DecodeContinuation(sequence.Answer),
                        answers.Gold?[index],
                        answers.Proxy[index],
                        null
                    )
                );
            }
        }
    }
}
