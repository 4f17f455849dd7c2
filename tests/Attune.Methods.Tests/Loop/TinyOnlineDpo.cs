using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training.Evaluation;
using Attune.Training.Rollouts;

namespace Attune.Methods.Tests.Loop;

/// <summary>Online DPO on a tiny policy, judged by somebody who likes even tokens.</summary>
internal sealed class TinyOnlineDpo : IDisposable
{
    private readonly LocalSampler _sampler = new();
    private readonly LanguageModel _reference;

    public TinyOnlineDpo(OnlineDpoOptions options, LanguageModel policy, IFeedbackSource? judge = null)
    {
        _reference = policy.Copy();
        Experience = new OnlineDpoExperience(options)
        {
            Policy = policy,
            Reference = _reference,
            Prompts = new PromptPool(Prompts),
            Sampler = _sampler,
            Sampling = new SamplingOptions { MaxNewTokens = 6, EndToken = TinyPpo.EndToken },
            Judge = judge ?? new EvenJudge(),
            Decode = (_, sequence) => string.Join(' ', sequence.Answer.ToArray()),
        };
    }

    public OnlineDpoExperience Experience { get; }

    private static IReadOnlyList<(Prompt Prompt, ImmutableArray<int> Tokens)> Prompts { get; } =
    [
        .. TinyData
            .Sequences(6, seed: 22)
            .Select(s => s.Tokens[..s.AnswerStart])
            .Select(t => ((Prompt)new Prompt.Text(string.Join(' ', t)), t)),
    ];

    public void Dispose()
    {
        _sampler.Dispose();
        _reference.Dispose();
    }

    /// <summary>
    /// The share of even tokens decides, then the smaller sum; what is equal in both is a tie. Replies come last question first: order must
    /// not matter.
    /// </summary>
    private sealed class EvenJudge : IFeedbackSource
    {
        public string Name => "even tokens";

        public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.CompletedTask;
            foreach (var question in questions.Reverse())
            {
                double[] liking =
                [
                    .. question.Answers.Select(a => Liking([.. a.Split(' ').Select(t => int.Parse(t, CultureInfo.InvariantCulture))])),
                ];
                yield return new Reply(question.Id, liking.Count(s => s == liking.Max()) == 1 ? Array.IndexOf(liking, liking.Max()) : null);
            }
        }

        private static double Liking(int[] tokens) => tokens.Average(t => t % 2 == 0 ? 1.0 : 0) - (1e-4 * tokens.Sum());
    }
}
