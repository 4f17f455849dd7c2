using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Learning.Contracts;

namespace Attune.Learning.Rewards;

/// <summary>
/// A reward model that reads other tokens than the policy writes: prompt and answer are turned back into text, conversations into conversations,
/// and encoded with the reward model's own tokenizer and chat template. One mark on the policy's last answer token.
/// </summary>
/// <param name="policy">Encoded the prompts.</param>
/// <param name="judge">The reward model's.</param>
public sealed class RetokenizedReward(RewardModel model, Encoder policy, Encoder judge) : IReward
{
    private long _cut, _read;

    public string Name => "reward model";

    public IEnumerable<string> Notes => _cut == 0 ? [] : [$"the reward model read {_cut} of {_read} answers without the beginning of their prompts: in its own tokens they are longer than it reads"];

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        var scores = model.Score([.. rollouts.Select(Retokenize)]);
        return ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select((r, i) => Score.Outcome(r, scores[i].Reward, Name) with { Spread = scores[i].Spread })]);
    }

    /// <summary>A rollout in the reward model's tokens. What its context cannot hold is cut from the prompt's beginning.</summary>
    public TokenSequence Retokenize(Rollout rollout)
    {
        var tokens = rollout.Sequence;
        var prompt = policy.ConversationOf(tokens.Prompt) ?? new Prompt.Text(policy.Tokenizer.Decode(tokens.Prompt));
        var ended = rollout.Stop == StopReason.EndToken && tokens.AnswerLength > 0 && tokens.Tokens[^1] == policy.Tokenizer.EndToken;
        var answer = policy.DecodeAnswer(prompt, ended ? tokens.Answer[..^1] : tokens.Answer);
        var read = ended || answer.Length == 0 ? judge.Encode(prompt, answer) : judge.EncodeUnfinished(prompt, answer);
        var over = Math.Min(read.Length - model.Members.Min(m => m.Config.ContextLength), read.AnswerStart - 1);
        (_read, _cut) = (_read + 1, _cut + (over > 0 ? 1 : 0));
        return over <= 0 ? read : new TokenSequence(read.Tokens[over..], read.AnswerStart - over);
    }
}
