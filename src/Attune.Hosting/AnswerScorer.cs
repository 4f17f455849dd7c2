using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Encoding;
using Attune.Training.Contracts;
using Attune.Training.Rewards;
using Attune.Training.Tokens;

namespace Attune.Hosting;

/// <summary>
/// What a trained reward model makes of answers: rank candidates by it, or watch what a deployed model says. One call at a time computes;
/// others wait.
/// </summary>
public sealed class AnswerScorer : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<IDisposable> _owned = [];
    private readonly Encoder _encoder;
    private readonly IReward _reward;

    private AnswerScorer(string folder)
    {
        var text = ModelTokenizer.Load(folder);
        _encoder = new Encoder(text.Tokenizer, text.Template);
        _reward = new ModelTerm { Model = folder }.Build(
            new RewardContext
            {
                Stage = nameof(AnswerScorer),
                Encoder = _encoder,
                Owned = _owned,
            }
        );
    }

    /// <param name="folder">A reward model's folder, such as <c>runs/reward/final</c>, or an encoder's that classifies.</param>
    /// <exception cref="AttuneException">It is not there, or no reward model.</exception>
    public static AnswerScorer Open(string folder)
    {
        var place = Path.GetFullPath(folder);
        return Directory.Exists(place)
            ? new AnswerScorer(place)
            : throw new ConfigurationException($"The reward model {place} is not a folder; expected the final/ of a reward run.");
    }

    /// <summary>A score an answer, in order; higher is better. Only differences between answers to one prompt mean something.</summary>
    public async Task<IReadOnlyList<double>> ScoreAsync(Prompt prompt, IReadOnlyList<string> answers, CancellationToken cancel = default)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            var scores = await _reward.ScoreAsync([.. answers.Select(a => GivenAnswer.Rollout(_encoder, prompt, a, cut: false))], cancel);
            return [.. scores.Select(s => s.Total)];
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>As above, for a question in plain words.</summary>
    public Task<IReadOnlyList<double>> ScoreAsync(string prompt, IReadOnlyList<string> answers, CancellationToken cancel = default) =>
        ScoreAsync(new Prompt.Text(prompt), answers, cancel);

    public void Dispose()
    {
        _owned.ForEach(o => o.Dispose());
        _turn.Dispose();
    }
}
