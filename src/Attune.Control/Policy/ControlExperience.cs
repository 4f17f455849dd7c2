using System.Collections.Immutable;
using System.Globalization;
using Attune.Control.Environments;
using Attune.Control.Networks;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Numerics;
using Attune.Training.Contracts;

namespace Attune.Control.Policy;

/// <summary>Rounds of steps in environments played side by side, and the epochs of minibatches over them.</summary>
public sealed class ControlExperience : IExperience<ControlItem>
{
    private readonly ControlPpoOptions _options;
    private readonly ActorCritic _agent;
    private readonly Player[] _players;
    private bool _begun;

    /// <param name="make">a new environment, called once for each that is played</param>
    public ControlExperience(ControlPpoOptions options, ActorCritic agent, Func<IEnvironment> make)
    {
        options.Validate();
        (_options, _agent) = (options, agent);
        _players = [.. Enumerable.Range(0, options.Environments).Select(_ => new Player(make(), options.StepsPerRound))];
        Normaliser = new Normaliser(agent.Observations.Length, options.Environments, options.Gamma)
        {
            Observations = options.Normalize,
            Rewards = options.Normalize,
        };
    }

    /// <summary>What the agent sees through; its statistics move with every step.</summary>
    public Normaliser Normaliser { get; }

    public long PlannedUpdates => _options.Rounds * _options.UpdatesPerRound;

    /// <summary>Environments and statistics, so that a run goes on from a checkpoint with the very step that it stopped before.</summary>
    public IReadOnlyDictionary<string, double> State
    {
        get
        {
            var state = new Dictionary<string, double>();
            for (var e = 0; _begun && e < _players.Length; e++)
            {
                Put(state, Key(e), _players[e].Save());
            }

            Put(state, "normaliser", Normaliser.Save());
            return state;
        }
    }

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        _begun = state.ContainsKey($"{Key(0)}/0");
        for (var e = 0; _begun && e < _players.Length; e++)
        {
            _players[e].Restore(Take(state, Key(e)));
        }

        Normaliser.Restore(Take(state, "normaliser"));
    }

    public ValueTask<Round<ControlItem>?> NextAsync(Progress at, CancellationToken cancel)
    {
        if (at.Round >= _options.Rounds)
        {
            return ValueTask.FromResult<Round<ControlItem>?>(null);
        }

        Begin(at.Seed);
        var policy = _agent.Snapshot();
        var measured = new Metrics();
        Play(policy, at, measured);
        var items = Items(policy, at, measured);
        var round = new Round<ControlItem>(Minibatches(items, at), measured, items.Length, []);
        return ValueTask.FromResult<Round<ControlItem>?>(round);
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

    private static void Put(Dictionary<string, double> state, string key, double[] numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            state[$"{key}/{i.ToString(CultureInfo.InvariantCulture)}"] = numbers[i];
        }
    }

    private static double[] Take(IReadOnlyDictionary<string, double> state, string key)
    {
        List<double> numbers = [];
        while (state.TryGetValue($"{key}/{numbers.Count.ToString(CultureInfo.InvariantCulture)}", out var number))
        {
            numbers.Add(number);
        }

        return [.. numbers];
    }
}
