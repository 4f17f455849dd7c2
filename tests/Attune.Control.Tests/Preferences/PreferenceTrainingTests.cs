using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Control.Preferences;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Training.Checkpoints;
using TorchSharp;

namespace Attune.Control.Tests.Preferences;

public sealed class PreferenceTrainingTests
{
    private static readonly ControlPpoOptions Policy = new()
    {
        TotalSteps = 1300,
        Environments = 2,
        StepsPerRound = 128,
        Epochs = 2,
        Decay = true,
    };

    private static readonly PreferenceOptions Options = new()
    {
        Questions = 23,
        Hidden = [16],
        Updates = 4,
        FirstUpdates = 8,
        Choice = QuestionChoice.Disagreement,
    };

    public PreferenceTrainingTests() => torch.set_num_threads(1);

    [Fact]
    public async Task Budgets_of_steps_and_questions_are_kept_and_no_rate_is_below_zero()
    {
        var (judge, observer) = (new Counting(), new RecordingObserver());
        var environments = new List<Counted>();
        var (agent, rewards) = await PreferenceTraining.RunAsync(Make, Policy, Options, judge, new Seed(1), observer);
        using var first = agent;
        using var second = rewards;
        Assert.Equal(23, judge.Asked);
        Assert.Equal(5, judge.FirstRound); // int(23 / 4), of the untrained policy
        Assert.Equal(1280, observer.Rounds[^1].Progress.Items);
        Assert.Equal(1280, environments.Sum(e => e.Steps)); // sampling clips steps nothing
        Assert.All(observer.Updates, u => Assert.True(u.Metrics["learning_rate"] >= 0));
        return;

        Counted Make()
        {
            environments.Add(new Counted());
            return environments[^1];
        }
    }

    /// <summary>What the policy acts on after a question is what the environment showed last: a rollout replays.</summary>
    [Fact]
    public async Task The_environment_goes_on_from_where_it_was_when_it_was_asked()
    {
        var rounds = new List<IReadOnlyList<PlayedSteps>>();
        var judge = new SimulatedPerson(new SimulatedPersonOptions(), new Seed(1));
        var rewards = new Watching(new PreferenceRewards(new Pendulum(), Options, 5, 256, judge, new Seed(2)), rounds);
        using var agent = await ControlTraining.PpoAsync(
            () => new Pendulum(),
            Policy,
            new Seed(1),
            new RecordingObserver(),
            rewards: rewards
        );
        var replay = new Pendulum();
        for (var e = 0; e < 2; e++)
        {
            var observation = replay.Reset((long)(new Seed(1).For("environment", e).Value >> 1));
            foreach (var played in rounds.Select(r => r[e]))
            {
                for (var t = 0; t < played.Actions.Count; t++)
                {
                    Assert.Equal(observation, played.Observations[t]);
                    var step = replay.Step(played.Actions[t]);
                    observation = step.Ended ? replay.Reset() : step.Observation;
                }
            }
        }
    }

    [Fact]
    public async Task Policy_questions_and_rewards_go_on_together_after_a_stop()
    {
        var (whole, wholeRewards) = await RunAsync(null, default, new RecordingObserver());
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var checkpoints = new DirectoryCheckpoints(folder.Path, []);
        var observer = new RecordingObserver
        {
            AfterRound = p =>
            {
                if (p.Round == 3)
                {
                    stop.Cancel();
                }
            },
        };
        var (stopped, stoppedRewards) = await RunAsync(checkpoints, stop.Token, observer);
        Assert.NotEqual(wholeRewards.Ensemble.Weights[0].Sha256(), stoppedRewards.Ensemble.Weights[0].Sha256());
        var (resumed, resumedRewards) = await RunAsync(checkpoints, default, new RecordingObserver());
        Assert.Equal(whole.Network.Weights.Sha256(), resumed.Network.Weights.Sha256());
        Assert.Equal(wholeRewards.Followers.Select(f => f.Sha256()), resumedRewards.Followers.Select(f => f.Sha256()));
        Assert.Equal(wholeRewards.State, resumedRewards.State);
        foreach (var used in new IDisposable[] { whole, wholeRewards, stopped, stoppedRewards, resumed, resumedRewards })
        {
            used.Dispose();
        }

        Task<(ControlAgent, PreferenceRewards)> RunAsync(DirectoryCheckpoints? at, CancellationToken cancel, RecordingObserver by) =>
            PreferenceTraining.RunAsync(
                () => new Pendulum(),
                Policy,
                Options,
                new SimulatedPerson(new SimulatedPersonOptions { Mistakes = 0.1 }, new Seed(1)),
                new Seed(1),
                by,
                at,
                cancel: cancel
            );
    }

    [Fact]
    public void Numbers_that_cannot_be_are_named_together()
    {
        var options = new PreferenceOptions
        {
            Questions = 0,
            Members = 1,
            Choice = QuestionChoice.Disagreement,
        };
        Assert.Equal(2, Assert.Throws<ConfigurationException>(options.Validate).Problems.Count);
    }

    private sealed class Counting : IClipJudge
    {
        private readonly SimulatedPerson _person = new(new SimulatedPersonOptions(), new Seed(1));

        public int Asked { get; private set; }

        public int FirstRound { get; private set; }

        public ValueTask<IReadOnlyList<ClipAnswer>> AskAsync(IReadOnlyList<ClipQuestion> questions, CancellationToken cancel)
        {
            FirstRound = Asked == 0 ? questions.Count : FirstRound;
            Asked += questions.Count;
            return _person.AskAsync(questions, cancel);
        }
    }

    private sealed class Counted : IEnvironment
    {
        private readonly Pendulum _inner = new();

        public int Steps { get; private set; }

        public string Name => _inner.Name;

        public Space Actions => _inner.Actions;

        public Space Observations => _inner.Observations;

        public int StepLimit => _inner.StepLimit;

        public double StepsPerSecond => _inner.StepsPerSecond;

        public float[] Reset(long? seed = null) => _inner.Reset(seed);

        public StepResult Step(ReadOnlySpan<float> action)
        {
            Steps++;
            return _inner.Step(action);
        }

        public double[] Save() => _inner.Save();

        public void Restore(double[] saved) => _inner.Restore(saved);

        public float[] Observe() => _inner.Observe();
    }

    private sealed class Watching(PreferenceRewards inner, List<IReadOnlyList<PlayedSteps>> rounds) : IRoundRewards
    {
        public IReadOnlyList<Models.Weights.FlatParameters> Followers => inner.Followers;

        public IReadOnlyDictionary<string, double> State => inner.State;

        public ValueTask<double[][]> PayAsync(IReadOnlyList<PlayedSteps> played, Progress at, Metrics measured, CancellationToken cancel)
        {
            // the arrays are used again by the next round
            rounds.Add([.. played.Select(p => p with { Observations = [.. p.Observations], Actions = [.. p.Actions] })]);
            return inner.PayAsync(played, at, measured, cancel);
        }

        public void Restore(IReadOnlyDictionary<string, double> state) => inner.Restore(state);
    }
}
