using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// A reward model that reads other tokens than the policy writes: prompt and answer are turned back into text, conversations into
/// conversations, and encoded with the reward model's own tokenizer and chat template. One mark on the policy's last answer token.
/// </summary>
/// <param name="policy">Encoded the prompts.</param>
/// <param name="judge">The reward model's.</param>
public sealed class RetokenizedReward(RewardModel model, Encoder policy, Encoder judge) : IReward
{
    private long _read,
        _cutPrompts,
        _cutAnswers;

    public string Name => "reward model";

    public IEnumerable<string> Notes =>
        [
            .. model.SpreadNote is { } note ? [note] : Array.Empty<string>(),
            .. _cutPrompts == 0
                ? Array.Empty<string>()
                :
                [
                    $"the reward model read {_cutPrompts} of {_read} answers without the beginning of their prompts: in its own "
                        + $"tokens both together are longer than the {Longest} that it reads",
                ],
            .. _cutAnswers == 0
                ? Array.Empty<string>()
                :
                [
                    $"the reward model read {_cutAnswers} of {_read} answers without their own beginning: in its own tokens "
                        + $"they alone are longer than the {Longest} that it reads",
                ],
        ];

    private int Longest => model.Members.Min(m => m.Config.ContextLength);

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        var scores = model.Score([.. rollouts.Select(Retokenize)]);
        return ValueTask.FromResult<IReadOnlyList<Score>>([
            .. rollouts.Select((r, i) => Score.Outcome(r, scores[i].Reward, Name) with { Spread = scores[i].Spread }),
        ]);
    }

    /// <summary>
    /// A rollout in the reward model's tokens. What its context cannot hold is cut from the beginning and counted: of the prompt, then of
    /// the answer.
    /// </summary>
    public TokenSequence Retokenize(Rollout rollout)
    {
        var tokens = rollout.Sequence;
        var prompt = policy.ConversationOf(tokens.Prompt) ?? new Prompt.Text(policy.Tokenizer.Decode(tokens.Prompt));
        var ended = rollout.Stop == StopReason.EndToken && tokens.AnswerLength > 0 && tokens.Tokens[^1] == policy.Tokenizer.EndToken;
        var answer = policy.DecodeAnswer(prompt, ended ? tokens.Answer[..^1] : tokens.Answer);
        var read = ended || answer.Length == 0 ? judge.Encode(prompt, answer) : judge.EncodeUnfinished(prompt, answer);
        var over = read.Length - Longest;
        _read++;
        if (over <= 0)
        {
            return read;
        }

        // A token stays before the answer: a sequence has a prompt.
        var cutsAnswer = over > read.AnswerStart - 1;
        (_cutPrompts, _cutAnswers) = (_cutPrompts + (cutsAnswer ? 0 : 1), _cutAnswers + (cutsAnswer ? 1 : 0));
        return new TokenSequence(read.Tokens[over..], Math.Max(1, read.AnswerStart - over));
    }
}
