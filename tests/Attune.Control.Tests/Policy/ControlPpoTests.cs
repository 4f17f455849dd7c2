using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Training.Checkpoints;
using TorchSharp;

namespace Attune.Control.Tests.Policy;

public sealed class ControlPpoTests
{
    private static readonly ControlPpoOptions Small = ControlPpoOptions.For("CartPole-v1") with
    {
        TotalSteps = 1536,
        Epochs = 2,
        Decay = false,
    };

    /// <summary>rl-baselines3-zoo's settings reach 500 of 500 within 100,000 steps; so must these.</summary>
    [Fact]
    public async Task CartPole_is_solved_within_100_000_steps()
    {
        torch.set_num_threads(1);
        var observer = new RecordingObserver();
        using var agent = await ControlTraining.PpoAsync(() => new CartPole(), ControlPpoOptions.For("CartPole-v1"), new Seed(0), observer);
        Assert.True(observer.Rounds[^1].Progress.Items <= 100_000);
        Assert.All(agent.Evaluate(new CartPole(), 20, seed: 1_000_000), r => Assert.Equal(500, r));
    }

    [Theory]
    [InlineData("CartPole-v1", false)]
    [InlineData("Acrobot-v1", true)]
    [InlineData("Pendulum-v1", true)]
    [InlineData("FrozenLake-v1", false)]
    public async Task A_stopped_run_goes_on_as_if_it_had_not_stopped(string environment, bool normalize)
    {
        torch.set_num_threads(1);
        var options = Small with { Normalize = normalize };
        using var whole = await RunAsync(options, null, default);
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
        using (var stopped = await RunAsync(options, checkpoints, stop.Token, observer))
        {
            Assert.Equal(3, observer.Rounds.Count);
            Assert.NotEqual(whole.Network.Weights.Sha256(), stopped.Network.Weights.Sha256());
        }

        using var resumed = await RunAsync(options, checkpoints, default);
        Assert.Equal(whole.Network.Weights.Sha256(), resumed.Network.Weights.Sha256());

        Task<ControlAgent> RunAsync(
            ControlPpoOptions with,
            DirectoryCheckpoints? at,
            CancellationToken cancel,
            RecordingObserver? by = null
        ) =>
            ControlTraining.PpoAsync(
                () => EnvironmentCatalog.Make(environment),
                with,
                new Seed(3),
                by ?? new RecordingObserver(),
                at,
                cancel: cancel
            );
    }

    [Fact]
    public void Wrong_numbers_are_named_together()
    {
        var error = Assert.Throws<ConfigurationException>(() => new ControlPpoOptions { Environments = 0, Gamma = 2 }.Validate());
        Assert.Equal(2, error.Problems.Count);
        Assert.Throws<ConfigurationException>(() => new ControlPpoOptions { TotalSteps = 100 }.Validate());
    }
}
