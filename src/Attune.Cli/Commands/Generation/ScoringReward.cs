using System.Collections.Immutable;
using System.CommandLine;
using System.ComponentModel;
using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Recipes.Binding;
using Attune.Training.Contracts;
using Attune.Training.Rewards;

namespace Attune.Cli.Commands.Generation;

/// <summary>A reward that scores answers, from options made of the same records as recipe keys.</summary>
internal sealed class ScoringReward(IReward reward, List<IDisposable> owned) : IDisposable
{
    /// <summary>The reward.</summary>
    internal sealed record Keys
    {
        [Description("folder of the reward model that scores answers")]
        public string? RewardModel { get; init; }

        [Description("terms of the reward that scores answers, as in recipes: [{lexicon: {fine: 1}}, {length: 20, weight: 0.5}]")]
        public ImmutableArray<RewardTerm> Reward { get; init; } = [];
    }

    public static ImmutableArray<(CommandLineOption Key, Option<string?> Option)> Options() =>
        [
            .. OptionSchema
                .Of(typeof(Keys))
                .ForCommandLine()
                .Select(o => (o, new Option<string?>(o.Name) { Description = o.Help, HelpName = o.TypeHint })),
        ];

    /// <param name="needed">Why there has to be a reward; null where there need not be one.</param>
    /// <returns>Null where none is given.</returns>
    /// <exception cref="ConfigurationException">There has to be a reward, or a term is invalid.</exception>
    public static ScoringReward? Of(
        ParseResult parsed,
        IEnumerable<(CommandLineOption Key, Option<string?> Option)> options,
        string? needed,
        Encoder encoder
    )
    {
        var node = OptionNode.Mapping.Empty(Place.CommandLine);
        foreach (var (key, option) in options)
        {
            if (parsed.GetValue(option) is { } value)
            {
                node = node.Set(key.Key, key.Read(value));
            }
        }

        var keys = Binder.Bind<Keys>(node);
        if (keys.RewardModel is null && keys.Reward.IsEmpty)
        {
            return needed is null ? null : throw new ConfigurationException($"{needed}: give --reward-model DIR or --reward.");
        }

        var owned = new List<IDisposable>();
        var context = new RewardContext
        {
            Stage = parsed.CommandResult.Command.Name,
            Encoder = encoder,
            Owned = owned,
            TrainedFolder = keys.RewardModel,
        };
        return new ScoringReward(
            RewardTerm.Sum(keys.Reward.IsEmpty ? [new ModelTerm { Model = keys.RewardModel! }] : keys.Reward, context),
            owned
        );
    }

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
        reward.ScoreAsync(rollouts, cancel);

    /// <summary>What the reward did not read, a sentence each.</summary>
    public IEnumerable<string> Notes => reward.Notes;

    /// <summary>The first of those with the highest score.</summary>
    public static int Best(IReadOnlyList<Score> scores) => Enumerable.Range(0, scores.Count).MaxBy(i => scores[i].Total);

    public void Dispose() => owned.ForEach(o => o.Dispose());
}
