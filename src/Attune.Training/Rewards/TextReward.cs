using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Text.Tokenizers;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// A reward that reads the text: a rule, a lexicon, a simulated annotator's utility. The whole reward lands on the last token.
/// </summary>
/// <param name="name">For logs.</param>
/// <param name="tokenizer">The policy's.</param>
/// <param name="judge">Prompt and answer to reward.</param>
public sealed class TextReward(string name, ITokenizer tokenizer, Func<Prompt, string, double> judge) : IReward
{
    public string Name => name;

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
        ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select(r => Score.Outcome(r, Judge(r), name))]);

    /// <summary>The words of a text, without punctuation.</summary>
    public static string[] Words(string text) =>
        text.Split([' ', '\n', '\t', '.', ',', '!', '?', ';', ':', '"', '(', ')'], StringSplitOptions.RemoveEmptyEntries);

    private double Judge(Rollout rollout) =>
        judge(new Prompt.Text(tokenizer.Decode(rollout.Sequence.Prompt)), tokenizer.DecodeContinuation(rollout.Sequence.Answer));
}
