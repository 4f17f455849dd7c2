using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Text.Templates;
using Attune.Training.Batches;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// A language model as a reward: it is asked about an answer, and the reward is how likely it finds "Yes" against "No" (generative
/// verifiers, Zhang et al. 2024, arXiv:2408.15240). Nothing is sampled. One mark on the answer's last token.
/// </summary>
/// <param name="model">Is disposed with this.</param>
/// <param name="judge">Its tokenizer and chat template; a template other than plain makes the question a user's turn.</param>
/// <param name="policy">Wrote prompts and answers.</param>
/// <param name="question">Holds <c>{prompt}</c> and <c>{answer}</c>.</param>
/// <param name="verdicts">Of a good answer, and of a bad one.</param>
/// <param name="logOdds">log P(good) - log P(bad), nats, in place of P(good) / (P(good) + P(bad)).</param>
public sealed class GenerativeReward(
    LanguageModel model,
    Encoder judge,
    Encoder policy,
    string question,
    (string Good, string Bad) verdicts,
    bool logOdds
) : IReward, IDisposable
{
    private long _read,
        _cut;

    public string Name => "generative reward model";

    public IEnumerable<string> Notes =>
        _cut == 0
            ? []
            :
            [
                $"the generative reward model read {_cut} of {_read} questions without their beginning: with the verdict they are longer "
                    + $"than the {model.Config.ContextLength} tokens that it reads",
            ];

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        var questions = rollouts.Select(Question).ToArray();
        (_read, _cut) = (_read + questions.Length, _cut + questions.Count(IsCut));
        var logProbs = AnswerLogProbs.Of(
            model,
            [.. questions.Select(q => WithVerdict(q, verdicts.Good)), .. questions.Select(q => WithVerdict(q, verdicts.Bad))]
        );
        double[] sums = [.. logProbs.Select(l => l.Sum(p => (double)p))];
        return ValueTask.FromResult<IReadOnlyList<Score>>([
            .. rollouts.Select((r, i) => Score.Outcome(r, Reward(sums[i] - sums[rollouts.Count + i]), Name)),
        ]);
    }

    /// <summary>A rollout as it is asked about.</summary>
    public Prompt Question(Rollout rollout)
    {
        var tokens = rollout.Sequence;
        var prompt = policy.ConversationOf(tokens.Prompt) ?? new Prompt.Text(policy.Tokenizer.Decode(tokens.Prompt));
        var ended = rollout.Stop == StopReason.EndToken && tokens.AnswerLength > 0;
        var answer = policy.DecodeAnswer(prompt, ended ? tokens.Answer[..^1] : tokens.Answer);
        var asked = prompt is Prompt.Chat chat
            ? string.Join("\n", chat.Messages.Select(m => $"{m.Role}: {m.Content}"))
            : ((Prompt.Text)prompt).Value;
        // In one pass, so that a prompt which holds "{answer}" is not filled in.
        var text = string.Join(
            answer,
            question.Split("{answer}").Select(part => part.Replace("{prompt}", asked, StringComparison.Ordinal))
        );
        return ReferenceEquals(judge.Template, ChatTemplates.Plain)
            ? new Prompt.Text(text)
            : new Prompt.Chat([new Message(Role.User, text)]);
    }

    public void Dispose() => model.Dispose();

    private double Reward(double odds) => logOdds ? odds : 1 / (1 + Math.Exp(-odds));

    private int Room => model.Config.ContextLength - new[] { verdicts.Good, verdicts.Bad }.Max(v => judge.Tokenizer.Encode(v).Length);

    private bool IsCut(Prompt asked) => judge.EncodePrompt(asked).Length > Room;

    /// <summary>What its context cannot hold is cut from the beginning of the question.</summary>
    private TokenSequence WithVerdict(Prompt asked, string verdict)
    {
        var tokens = judge.EncodePrompt(asked);
        tokens = tokens.Length > Room ? tokens[^Room..] : tokens;
        return new TokenSequence([.. tokens, .. judge.Tokenizer.Encode(verdict)], tokens.Length);
    }
}
