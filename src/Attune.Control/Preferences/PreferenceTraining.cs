using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Core.Runs;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;

namespace Attune.Control.Preferences;

/// <summary>Deep reinforcement learning from human preferences: PPO on rewards that are learned meanwhile.</summary>
public static class PreferenceTraining
{
    /// <param name="make">a new environment</param>
    /// <param name="policy">Of PPO. The rewards come normalised.</param>
    /// <param name="judge">Who compares clips.</param>
    /// <param name="checkpoints">Where policy, questions and reward model go on together after a stop; null for none.</param>
    /// <param name="checkpointEvery">rounds; 0 for none before the end</param>
    /// <returns>The agent, and the rewards, to be disposed of.</returns>
    public static async Task<(ControlAgent Agent, PreferenceRewards Rewards)> RunAsync(
        Func<IEnvironment> make,
        ControlPpoOptions policy,
        PreferenceOptions options,
        IClipJudge judge,
        Seed seed,
        ILoopObserver observer,
        DirectoryCheckpoints? checkpoints = null,
        int checkpointEvery = 0,
        CancellationToken cancel = default
    )
    {
        policy.Validate();
        var stepsPerRound = (long)policy.Environments * policy.StepsPerRound;
        var rewards = new PreferenceRewards(make(), options, policy.Rounds, stepsPerRound, judge, seed.For("rewards"));
        var agent = await ControlTraining.PpoAsync(make, policy, seed, observer, checkpoints, checkpointEvery, rewards, cancel);
        return (agent, rewards);
    }
}
