using System.Collections.Immutable;
using Attune.Core;

namespace Attune.Control.Policy;

/// <summary>PPO's numbers for agents that act. Unless said otherwise the defaults are stable-baselines3's.</summary>
public sealed record ControlPpoOptions
{
    /// <summary>Steps of all environments together; rounds that would pass it are left out.</summary>
    public long TotalSteps { get; init; } = 100_000;

    /// <summary>Environments played side by side.</summary>
    public int Environments { get; init; } = 1;

    /// <summary>Steps of each environment in a round.</summary>
    public int StepsPerRound { get; init; } = 2048;

    /// <summary>Steps of a minibatch.</summary>
    public int Minibatch { get; init; } = 64;

    /// <summary>Passes over a round's steps.</summary>
    public int Epochs { get; init; } = 10;

    public double Gamma { get; init; } = 0.99;

    /// <summary>Of generalised advantage estimation.</summary>
    public double Lambda { get; init; } = 0.95;

    public double ClipRange { get; init; } = 0.2;

    /// <summary>Longest move of a value from the one that was sampled with; null for no limit.</summary>
    public double? ValueClipRange { get; init; }

    /// <summary>Weight of the squared error of the value, which has no factor 1/2.</summary>
    public double ValueCoefficient { get; init; } = 0.5;

    public double EntropyCoefficient { get; init; }

    public double LearningRate { get; init; } = 3e-4;

    /// <summary>Learning rate and clip range go straight down to 0 over the run, never below.</summary>
    public bool Decay { get; init; }

    /// <summary>Share of the run after which the learning rate alone goes straight down to 0; null where it does not.</summary>
    public double? RateFallsAfter { get; init; }

    public double MaxGradientNorm { get; init; } = 0.5;

    /// <summary>Of Adam.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Each minibatch's advantages with mean 0 and deviation 1.</summary>
    public bool NormalizeAdvantages { get; init; } = true;

    /// <summary>Observations and rewards through a <see cref="Normaliser"/>.</summary>
    public bool Normalize { get; init; }

    /// <summary>Widths of the hidden layers of the policy's and of the value's network.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [64, 64];

    /// <summary>Rounds of the whole run.</summary>
    public long Rounds => TotalSteps / ((long)Environments * StepsPerRound);

    /// <summary>Updates of a round; the last minibatch of a pass may be smaller.</summary>
    public int UpdatesPerRound => Epochs * ((Environments * StepsPerRound + Minibatch - 1) / Minibatch);

    /// <summary>
    /// Settings that rl-baselines3-zoo tuned for an environment; the defaults for one it has none for. Those for Pendulum leave out its
    /// state-dependent exploration, which is not here.
    /// </summary>
    public static ControlPpoOptions For(string environment) =>
        environment switch
        {
            "CartPole-v1" => CartPole,
            "Acrobot-v1" => Acrobot,
            "Pendulum-v1" => Pendulum,
            "MountainCar-v0" => MountainCar,
            _ => new(),
        };

    /// <summary>
    /// Settings for a reward that is still being learned, where <see cref="For"/>'s would stop trying things too early: for Pendulum those
    /// of the example of imitation's documentation (a bonus for entropy, small steps, a longer horizon), with normalised rewards and a
    /// learning rate that falls in the second half.
    /// </summary>
    public static ControlPpoOptions ForLearnedReward(string environment) =>
        environment == "Pendulum-v1" ? PendulumByPreferences : For(environment);

    /// <summary>Refuses numbers that cannot work.</summary>
    public void Validate()
    {
        (bool Wrong, string Problem)[] checks =
        [
            (Environments < 1, $"environments is {Environments}; expected at least 1."),
            (StepsPerRound < 1, $"steps_per_round is {StepsPerRound}; expected at least 1."),
            (Minibatch < 2, $"minibatch is {Minibatch}; expected at least 2."),
            (Epochs < 1, $"epochs is {Epochs}; expected at least 1."),
            (Gamma is < 0 or > 1, $"gamma is {Gamma}; expected 0 to 1."),
            (Lambda is < 0 or > 1, $"lambda is {Lambda}; expected 0 to 1."),
            (ClipRange <= 0, $"clip_range is {ClipRange}; expected more than 0."),
            (LearningRate <= 0, $"learning_rate is {LearningRate}; expected more than 0."),
            (!(RateFallsAfter is null or (>= 0 and < 1)), $"rate_falls_after is {RateFallsAfter}; expected 0 to below 1."),
        ];
        string[] problems = [.. checks.Where(c => c.Wrong).Select(c => c.Problem)];
        if (problems.Length == 0 && Rounds == 0)
        {
            problems = [$"total_steps is {TotalSteps}, less than one round of {Environments} x {StepsPerRound} steps."];
        }

        if (problems.Length > 0)
        {
            throw new ConfigurationException(problems);
        }
    }

    private static ControlPpoOptions CartPole { get; } =
        new()
        {
            Environments = 8,
            StepsPerRound = 32,
            Minibatch = 256,
            Epochs = 20,
            Gamma = 0.98,
            Lambda = 0.8,
            LearningRate = 1e-3,
            Decay = true,
        };

    private static ControlPpoOptions Acrobot { get; } =
        new()
        {
            TotalSteps = 300_000,
            Environments = 16,
            StepsPerRound = 256,
            Epochs = 4,
            Lambda = 0.94,
            Normalize = true,
        };

    private static ControlPpoOptions Pendulum { get; } =
        new()
        {
            TotalSteps = 200_000,
            Environments = 4,
            StepsPerRound = 1024,
            Gamma = 0.9,
            LearningRate = 1e-3,
        };

    private static ControlPpoOptions PendulumByPreferences { get; } =
        new()
        {
            TotalSteps = 200_000,
            Environments = 8,
            StepsPerRound = 256,
            Gamma = 0.97,
            ClipRange = 0.1,
            EntropyCoefficient = 0.01,
            LearningRate = 2e-3,
            RateFallsAfter = 0.5,
            Normalize = true,
        };

    private static ControlPpoOptions MountainCar { get; } =
        new()
        {
            TotalSteps = 1_000_000,
            Environments = 16,
            StepsPerRound = 16,
            Epochs = 4,
            Lambda = 0.98,
            Normalize = true,
        };
}
