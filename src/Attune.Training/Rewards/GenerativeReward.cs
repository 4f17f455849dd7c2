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
        var (good, bad) = (judge.Tokenizer.Encode(verdicts.Good), judge.Tokenizer.Encode(verdicts.Bad));
        var room = model.Config.ContextLength - Math.Max(good.Length, bad.Length);
        var questions = rollouts.Select(r => judge.EncodePrompt(Question(r))).ToArray();
        (_read, _cut) = (_read + questions.Length, _cut + questions.Count(q => q.Length > room));
        TokenSequence[] asked =
        [
            .. questions.Select(q => QuestionTokens.With(q, good, room)),
            .. questions.Select(q => QuestionTokens.With(q, bad, room)),
        ];
        var logProbs = AnswerLogProbs.Of(model, asked);
        double[] sums = [.. logProbs.Select(l => l.Sum(p => (double)p))];
        return ValueTask.FromResult<IReadOnlyList<Score>>([
            .. rollouts.Select((r, i) => Score.Outcome(r, Reward(sums[i] - sums[rollouts.Count + i]), Name)),
        ]);
    }

    /// <summary>A rollout as it is asked about.</summary>
    public Prompt Question(Rollout rollout)
    {
        var read = ReadAnswer.Of(rollout, policy);
        var asked = read.Prompt is Prompt.Chat chat
            ? string.Join("\n", chat.Messages.Select(m => $"{m.Role}: {m.Content}"))
            : ((Prompt.Text)read.Prompt).Value;
        // In one pass, so that a prompt which holds "{answer}" is not filled in.
        var text = string.Join(
            read.Answer,
            question.Split("{answer}").Select(part => part.Replace("{prompt}", asked, StringComparison.Ordinal))
        );
        return ReferenceEquals(judge.Template, ChatTemplates.Plain)
            ? new Prompt.Text(text)
            : new Prompt.Chat([new Message(Role.User, text)]);
    }

    public void Dispose() => model.Dispose();

    private double Reward(double odds) => logOdds ? odds : 1 / (1 + Math.Exp(-odds));
}
