using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Process;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;
using Attune.Worlds.Arithmetic;

namespace Attune.Recipes.Stages;

/// <summary>A problem, and what the policy made of it.</summary>
internal sealed record SolvedProblem(Prompt Prompt, Rollout Rollout, string Answer);

/// <summary>Solutions of the policy, and where it comes to when it goes on from their steps.</summary>
internal sealed class StepSolver : IDisposable
{
    /// <summary>Draws a few answers at a time, so that a cancelled run ends soon.</summary>
    private const int Portion = 2048;

    private readonly StageContext _context;
    private readonly LanguageModel _policy;
    private readonly LocalSampler _sampler = new();
    private readonly Encoder _encoder;
    private readonly SamplingOptions _options;

    private StepSolver(StageContext context, SamplingOptions options)
    {
        (_context, _policy, _encoder, _options) = (context, context.LoadPolicy(), context.LoadEncoder(), options);
    }

    /// <remarks>How answers end may depend on whether there are conversations among the problems, which are encoded first.</remarks>
    private SamplingOptions Options => _options with { EndToken = _encoder.Tokenizer.EndToken };

    public static async Task<StepSolver> LoadAsync(StageContext context, SamplingOptions options, CancellationToken cancel)
    {
        var solver = new StepSolver(context, options);
        await solver._sampler.UseWeightsAsync(solver._policy, 0, cancel);
        return solver;
    }

    /// <summary>One solution of each problem.</summary>
    public async Task<List<SolvedProblem>> SolveAsync(ImmutableArray<Prompt> problems, CancellationToken cancel)
    {
        var requests = problems.Select(
            (p, i) => new SampleRequest(_encoder.EncodePrompt(p), _context.Seed.For("solution", i)) { Columns = p.Columns }
        );
        var rollouts = new List<Rollout>();
        foreach (var part in requests.Chunk(Portion))
        {
            rollouts.AddRange(await _sampler.SampleAsync(part, Options, cancel));
            _context.Screen.Report("solving problems", rollouts.Count, problems.Length, "");
        }

        return [.. rollouts.Select((r, i) => new SolvedProblem(problems[i], r, _encoder.DecodeAnswer(problems[i], r.Sequence.Answer)))];
    }

    /// <summary>Labels by the arithmetic world's checker; null where an answer has no step.</summary>
    public static List<StepLabels?> Checked(IEnumerable<SolvedProblem> solved) =>
        [.. solved.Select(s => StepChecker.Label(s.Prompt, s.Answer))];

    /// <summary>
    /// Labels by roll-outs: the policy goes on from the end of each step. Where an answer ends with a step, its own result is that step's.
    /// </summary>
    public async Task<List<StepLabels?>> RollOutAsync(List<SolvedProblem> solved, StepFeedbackStage options, CancellationToken cancel)
    {
        var owned = new List<IDisposable>();
        var right = options.Match!.Build(
            new RewardContext
            {
                Stage = options.Kind,
                Encoder = _encoder,
                Owned = owned,
            }
        );
        var steps = solved.Select(s => Steps(s, options.StepSeparator)).ToArray();
        var requests = solved.SelectMany((s, i) => Continuations(s, steps[i].Ends, i, options.RollOuts)).ToArray();
        var continued = await ContinueAsync(requests, cancel);
        // Judged as whole answers: from where the problem's prompt ends.
        Rollout[] whole = [.. continued.Select((r, k) => Whole(r, solved[requests[k].Problem]))];
        bool[] ends = [.. (await right.ScoreAsync(whole, cancel)).Select(s => s.Total > 0.5)];
        bool[] own = [.. (await right.ScoreAsync([.. solved.Select(s => s.Rollout)], cancel)).Select(s => s.Total > 0.5)];
        var found = requests.Zip(ends).ToLookup(r => (r.First.Problem, r.First.Step), r => r.Second);
        return [.. solved.Select((s, i) => Labelled(i))];

        StepLabels? Labelled(int i) =>
            steps[i].Texts.IsEmpty
                ? null
                : new StepLabels(solved[i].Prompt, [.. steps[i].Texts.Select((text, k) => new ReasoningStep(text, Label(i, k)))])
                {
                    Outcome = own[i],
                };

        double Label(int i, int step)
        {
            var results = found[(i, step)].ToArray();
            return results.Length == 0
                ? RolloutLabels.Of(own[i] ? 1 : 0, 1, options.Estimate)
                : RolloutLabels.Of(results.Count(r => r), results.Length, options.Estimate);
        }
    }

    private static Rollout Whole(Rollout continued, SolvedProblem problem) =>
        continued with
        {
            Sequence = new TokenSequence(continued.Sequence.Tokens, problem.Rollout.Sequence.AnswerStart),
        };

    /// <summary>The texts of an answer's steps, and at which answer tokens they end.</summary>
    private (ImmutableArray<string> Texts, ImmutableArray<int?> Ends) Steps(SolvedProblem solved, string separator)
    {
        var spans = StepText.Split(solved.Answer, separator);
        var offsets = AnswerOffsets.OfSampled(_encoder, solved.Prompt, [.. solved.Rollout.Sequence.Answer]);
        var texts = spans.Select(s => Trimmed(CodePoints.Slice(solved.Answer, s.Start, s.End), separator));
        return ([.. texts], TokenSpans.EndsOf(offsets, spans, Range.All).Ends);
    }

    private static string Trimmed(string step, string separator) =>
        step.EndsWith(separator, StringComparison.Ordinal) ? step[..^separator.Length] : step;

    /// <param name="Left">Tokens that the answer may still have.</param>
    private sealed record Continuation(int Problem, int Step, int Left, SampleRequest Request);

    /// <summary>Draws the rest of each answer, no longer together with what there is than a whole answer may be.</summary>
    private async Task<Rollout[]> ContinueAsync(Continuation[] begun, CancellationToken cancel)
    {
        var (drawn, done) = (new Rollout[begun.Length], 0);
        foreach (var alike in begun.Index().GroupBy(b => b.Item.Left))
        {
            foreach (var part in alike.Chunk(Portion))
            {
                var options = Options with { MaxNewTokens = alike.Key };
                var rollouts = await _sampler.SampleAsync([.. part.Select(b => b.Item.Request)], options, cancel);
                foreach (var (b, rollout) in part.Zip(rollouts))
                {
                    drawn[b.Index] = rollout;
                }

                done += part.Length;
                _context.Screen.Report("going on from steps", done, begun.Length, "");
            }
        }

        return drawn;
    }

    /// <summary>Several from the end of every step but the last.</summary>
    private IEnumerable<Continuation> Continuations(SolvedProblem solved, ImmutableArray<int?> ends, int problem, int count)
    {
        for (var step = 0; step < ends.Length - 1; step++)
        {
            if (ends[step] is { } end)
            {
                var begun = solved.Rollout.Sequence.Tokens[..(solved.Rollout.Sequence.AnswerStart + end + 1)];
                for (var k = 0; k < count; k++)
                {
                    var seed = _context.Seed.For("roll-out", problem, step, k);
                    yield return new(
                        problem,
                        step,
                        _options.MaxNewTokens - end - 1,
                        new SampleRequest(begun, seed) { Columns = solved.Prompt.Columns }
                    );
                }
            }
        }
    }

    public void Dispose()
    {
        _sampler.Dispose();
        _policy.Dispose();
    }
}
