using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Attune.Core;
using Attune.Data.Encoding;
using Attune.Models.Encoders;
using Attune.Models.Weights;
using Attune.Text.Tokenizers;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Rewards;

namespace Attune.Recipes.Sources;

/// <summary>One term of a reward: a learned model or a rule, with a weight. Exactly one of the kinds is given.</summary>
public sealed record RewardPart
{
    /// <summary>The model's name where the reward stage before trained it.</summary>
    public const string Trained = "trained";

    [Description("what the term is multiplied by")]
    public double Weight { get; init; } = 1;

    [Description(
        "folder of a reward model or classifier (encoders such as DistilBERT too), or 'trained' for the one of the reward stage before"
    )]
    public string? Model { get; init; }

    [Description("the encoder's class whose logit is the reward; left out, the second of two")]
    public string? Label { get; init; }

    [Description("words and what each is worth; a word counts once an answer, whatever its case")]
    public IReadOnlyDictionary<string, double>? Lexicon { get; init; }

    [Description("regular expression: 1 where the answer matches, else 0")]
    public string? Pattern { get; init; }

    [Description("words wanted: minus the relative distance from this length")]
    [Range(1, 1_000_000)]
    public int? Length { get; init; }

    private IEnumerable<string> Kinds =>
        new (string Name, bool Given)[]
        {
            ("model", Model is not null),
            ("lexicon", Lexicon is not null),
            ("pattern", Pattern is not null),
            ("length", Length is not null),
        }
            .Where(k => k.Given)
            .Select(k => k.Name);

    /// <summary>The reward this term stands for.</summary>
    /// <param name="stage">Whose term it is, for messages.</param>
    /// <param name="trained">Folder of the reward stage's model, if there was one.</param>
    /// <param name="shared">Lower states of the policy, for members begun from the same frozen layers; null where nothing is
    /// shared.</param>
    /// <exception cref="ConfigurationException">None or several kinds are given, or a rule cannot work.</exception>
    public IReward Build(
        string stage,
        Encoder encoder,
        string? trained,
        ICollection<IDisposable> owned,
        FrozenLayerCache? shared = null,
        Precision precision = Precision.F32
    )
    {
        if (Missing(stage, thereIsAModel: trained is not null).ToArray() is { Length: > 0 } problems)
        {
            throw new ConfigurationException(problems);
        }

        var tokenizer = encoder.Tokenizer;
        return Kinds.Single() switch
        {
            "model" => Learned(encoder, trained, shared, owned, precision),
            "lexicon" => new TextReward(
                "lexicon",
                tokenizer,
                (_, answer) => Words(answer).Distinct(StringComparer.OrdinalIgnoreCase).Sum(Worth())
            ),
            "pattern" => new TextReward("pattern", tokenizer, Matches(stage, Pattern!)),
            _ => new TextReward("length", tokenizer, (_, answer) => -Math.Abs(Words(answer).Length - Length!.Value) / (double)Length.Value),
        };
    }

    /// <summary>Terms with their weights as one reward.</summary>
    public static IReward Sum(IEnumerable<(IReward Reward, double Weight)> terms)
    {
        var all = terms.ToArray();
        return all.Length == 1 && all[0].Weight == 1 ? all[0].Reward : new WeightedReward(all);
    }

    /// <summary>What is wrong with the term before anything runs, each one sentence.</summary>
    internal IEnumerable<string> Missing(string stage, bool thereIsAModel)
    {
        var kinds = Kinds.ToArray();
        if (kinds.Length != 1)
        {
            yield return $"each term of {stage}.reward has exactly one of model, lexicon, pattern, length; found "
                + $"{(kinds.Length == 0 ? "none" : string.Join(" and ", kinds))}.";
        }
        else if (Model == Trained && !thereIsAModel)
        {
            yield return $"{stage} has no reward: no reward stage comes before, and neither reward_model nor reward is given.";
        }
        else if (Model is not null && Model != Trained && !Directory.Exists(Model))
        {
            yield return $"{stage}.reward.model: {Model} is not a folder; expected a reward model's, or '{Trained}'.";
        }
        else if (Label is not null && (Model is null || Model == Trained || !EncoderConfig.Describes(Model)))
        {
            yield return $"{stage}.reward.label is '{Label}', but only an encoder that classifies has labels; expected model to be the "
                + "folder of one (DistilBERT, BERT or RoBERTa).";
        }
        else if (Pattern is not null && Expression(stage, Pattern).Problem is { } problem)
        {
            yield return problem;
        }
    }

    private IReward Learned(Encoder encoder, string? trained, FrozenLayerCache? shared, ICollection<IDisposable> owned, Precision precision)
    {
        var folder = Model == Trained ? trained! : Model!;
        if (EncoderConfig.Describes(folder))
        {
            var classifier = new ClassifierReward(EncoderClassifier.Load(folder), TokenizerFiles.Load(folder), encoder, Label);
            owned.Add(classifier);
            return classifier;
        }

        var model = RewardModel.Load(folder, precision) with { Shared = shared };
        foreach (var member in model.Members)
        {
            shared?.Share(member);
        }

        owned.Add(model);
        return ModelTokenizer.Judge(model, folder, encoder);
    }

    private Func<string, double> Worth()
    {
        var lexicon = new Dictionary<string, double>(Lexicon!, StringComparer.OrdinalIgnoreCase);
        return word => lexicon.GetValueOrDefault(word);
    }

    private static Func<Core.Conversations.Prompt, string, double> Matches(string stage, string pattern)
    {
        var expression = Expression(stage, pattern).Value!;
        return (_, answer) => expression.IsMatch(answer) ? 1 : 0;
    }

    private static (Regex? Value, string? Problem) Expression(string stage, string pattern)
    {
        try
        {
            // Linear time whatever the pattern: model output must not be able to hang a run.
            return (new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), null);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            return (null, $"{stage}.reward.pattern '{pattern}' is not a regular expression that can be used: {problem.Message}");
        }
    }

    private static string[] Words(string text) =>
        text.Split([' ', '\n', '\t', '.', ',', '!', '?', ';', ':', '"', '(', ')'], StringSplitOptions.RemoveEmptyEntries);
}
