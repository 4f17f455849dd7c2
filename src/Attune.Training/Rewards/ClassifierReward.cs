using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Models.Encoders;
using Attune.Text.Tokenizers;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// What an encoder thinks of a text: the logit of one of its classes, for prompt and answer read as one text. One mark on the answer's last
/// token. A text longer than the encoder's context loses its beginning.
/// </summary>
public sealed class ClassifierReward : IReward, IDisposable
{
    private readonly EncoderClassifier _classifier;
    private readonly ClassifierTexts _texts;
    private readonly Encoder _policy;
    private readonly int _label;
    private long _cut,
        _read;

    /// <param name="classifier">Is disposed with this.</param>
    /// <param name="tokenizer">The classifier's own.</param>
    /// <param name="policy">Wrote prompts and answers.</param>
    /// <param name="label">The class; null for the second of two, or the only one.</param>
    /// <exception cref="ConfigurationException">There is no such class, or several to choose from.</exception>
    /// <exception cref="ModelFileException">The tokenizer is not one of an encoder, or another model's.</exception>
    public ClassifierReward(EncoderClassifier classifier, ITokenizer tokenizer, Encoder policy, string? label)
    {
        (_classifier, _policy) = (classifier, policy);
        var labels = classifier.Config.Labels;
        _label = label is null ? (labels.Length <= 2 ? labels.Length - 1 : -1) : labels.IndexOf(label);
        if (_label < 0)
        {
            throw new ConfigurationException(
                $"the classifier {(label is null ? "has several classes, and label is not given" : $"has no class '{label}'")}; "
                    + $"its classes are {string.Join(", ", labels)}.{(label is null ? "" : Suggestion.For(label, labels))}"
            );
        }

        Label = labels[_label];
        _texts = new ClassifierTexts(tokenizer, classifier.Config);
    }

    public string Name => "classifier";

    public IEnumerable<string> Notes =>
        _cut == 0
            ? []
            :
            [
                $"the classifier read {_cut} of {_read} texts without their beginning: they are longer than the "
                    + $"{_classifier.Config.ContextLength} tokens that it reads",
            ];

    /// <summary>The class whose logit is the reward.</summary>
    public string Label { get; }

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        var logits = _classifier.Logits([.. rollouts.Select(Tokens)]);
        return ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select((r, i) => Score.Outcome(r, logits[i][_label], Name))]);
    }

    /// <summary>A rollout in the classifier's tokens.</summary>
    public IReadOnlyList<int> Tokens(Rollout rollout)
    {
        var tokens = rollout.Sequence;
        var prompt = _policy.ConversationOf(tokens.Prompt) ?? new Prompt.Text(_policy.Tokenizer.Decode(tokens.Prompt));
        var ended = rollout.Stop == StopReason.EndToken && tokens.AnswerLength > 0;
        var answer = _policy.DecodeAnswer(prompt, ended ? tokens.Answer[..^1] : tokens.Answer);
        var ids = _texts.Ids(ClassifierTexts.TextOf(prompt, answer), out var cut);
        (_read, _cut) = (_read + 1, _cut + (cut ? 1 : 0));
        return ids;
    }

    public void Dispose() => _classifier.Dispose();
}
