using System.Collections.Immutable;
using System.Globalization;
using Attune.Control.Environments;
using Attune.Control.Networks;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Contracts;

namespace Attune.Control.Policy;

/// <summary>Rounds of steps in environments played side by side, and the epochs of minibatches over them.</summary>
public sealed class ControlExperience : IExperience<ControlItem>
{
    private readonly ControlPpoOptions _options;
    private readonly ActorCritic _agent;
    private readonly Player[] _players;
    private readonly IRoundRewards? _rewards;
    private bool _begun;

    /// <param name="make">a new environment, called once for each that is played</param>
    /// <param name="rewards">in the place of the environment's; null for the environment's</param>
    public ControlExperience(ControlPpoOptions options, ActorCritic agent, Func<IEnvironment> make, IRoundRewards? rewards = null)
    {
        options.Validate();
        (_options, _agent, _rewards) = (options, agent, rewards);
        _players = [.. Enumerable.Range(0, options.Environments).Select(_ => new Player(make(), options.StepsPerRound))];
        Normaliser = new Normaliser(agent.Observations.Length, options.Environments, options.Gamma)
        {
            Observations = options.Normalize,
            Rewards = options.Normalize, // learned ones too: theirs is the unit of the clips, and a return is a sum of many
        };
    }

    /// <summary>What the agent sees through; its statistics move with every step.</summary>
    public Normaliser Normaliser { get; }

    public IReadOnlyList<FlatParameters> Followers => _rewards?.Followers ?? [];

    public long PlannedUpdates => _options.Rounds * _options.UpdatesPerRound;

    /// <summary>Environments and statistics, so that a run goes on from a checkpoint with the very step that it stopped before.</summary>
    public IReadOnlyDictionary<string, double> State
    {
        get
        {
            var state = new Dictionary<string, double>(_rewards?.State ?? new Dictionary<string, double>());
            for (var e = 0; _begun && e < _players.Length; e++)
            {
                SavedNumbers.Put(state, Key(e), _players[e].Save());
            }

            SavedNumbers.Put(state, "normaliser", Normaliser.Save());
            return state;
        }
    }

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        _begun = state.ContainsKey($"{Key(0)}/0");
        for (var e = 0; _begun && e < _players.Length; e++)
        {
            _players[e].Restore(SavedNumbers.Take(state, Key(e)));
        }

        Normaliser.Restore(SavedNumbers.Take(state, "normaliser"));
        _rewards?.Restore(state);
    }

    public async ValueTask<Round<ControlItem>?> NextAsync(Progress at, CancellationToken cancel)
    {
        if (at.Round >= _options.Rounds)
        {
            return null;
        }

        Begin(at.Seed);
        var policy = _agent.Snapshot();
        var measured = new Metrics();
        var before = _rewards is null ? null : State;
        Play(policy, at, measured);
        if (_rewards is not null)
        {
            await PayAsync(_rewards, before!, at, measured, cancel);
        }

        var items = Items(policy, at, measured);
        return new Round<ControlItem>(Minibatches(items, at), measured, items.Length, []);
    }

    /// <summary>A round that was cancelled while a person was asked is played again from where it began.</summary>
    private async ValueTask PayAsync(
        IRoundRewards rewards,
        IReadOnlyDictionary<string, double> before,
        Progress at,
        Metrics measured,
        CancellationToken cancel
    )
    {
        try
        {
            var paid = await rewards.PayAsync([.. _players.Select(p => p.Played())], at, measured, cancel);
            for (var e = 0; e < _players.Length; e++)
            {
                paid[e].CopyTo(_players[e].Rewards, 0);
            }
        }
        catch (OperationCanceledException)
        {
            Restore(before);
            throw;
        }
    }

    private void Begin(Seed seed)
    {
        if (_begun)
        {
            return;
        }

        for (var e = 0; e < _players.Length; e++)
        {
            _players[e].Begin((long)(seed.For("environment", e).Value >> 1));
        }

        Normaliser.Learn([.. _players.Select(p => p.Observation)]);
        _begun = true;
    }

    private void Play(ActingPolicy policy, Progress at, Metrics measured)
    {
        var chances = _players.Select((_, e) => at.Seed.For("act", at.Round, e).Rng()).ToArray();
        for (var t = 0; t < _options.StepsPerRound; t++)
        {
            for (var e = 0; e < _players.Length; e++)
            {
                _players[e].Act(t, policy, Normaliser, chances[e], measured);
            }

            Normaliser.Learn([.. _players.Select(p => p.Observation)]);
            var ended = Array.ConvertAll(_players, p => p.EndedAt(t));
            var rewards = Normaliser.Normalise(Array.ConvertAll(_players, p => p.Rewards[t]), ended);
            for (var e = 0; e < _players.Length; e++)
            {
                _players[e].Settle(t, rewards[e], policy, Normaliser);
            }
        }
    }

    private ControlItem[] Items(ActingPolicy policy, Progress at, Metrics measured)
    {
        var clip = _options.ClipRange * (_options.Decay ? 1 - (double)at.Round / _options.Rounds : 1);
        var items = _players.SelectMany(p => p.Items(policy, Normaliser, _options, clip, _agent.Observations)).ToArray();
        double[] returns = [.. items.Select(i => (double)i.Return)];
        measured.Set("val/explained_variance", Advantages.ExplainedVariance(returns, [.. items.Select(i => (double)i.OldValue)]));
        return items;
    }

    private ImmutableArray<IReadOnlyList<ControlItem>> Minibatches(ControlItem[] items, Progress at)
    {
        var updates = ImmutableArray.CreateBuilder<IReadOnlyList<ControlItem>>();
        for (var epoch = 0; epoch < _options.Epochs; epoch++)
        {
            foreach (var part in at.Seed.For("order", at.Round, epoch).Rng().Permutation(items.Length).Chunk(_options.Minibatch))
            {
                var advantages = Array.ConvertAll(part, i => (double)items[i].Advantage);
                if (_options.NormalizeAdvantages && part.Length > 1)
                {
                    Moments.Standardize(advantages, sample: true);
                }

                var unchanged = updates.Count == 0;
                updates.Add([.. part.Select((i, k) => items[i] with { Advantage = (float)advantages[k], Unchanged = unchanged })]);
            }
        }

        return updates.ToImmutable();
    }

    private static string Key(int environment) => $"environment/{environment.ToString(CultureInfo.InvariantCulture)}";
}
