using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Training.Rewards;

namespace Attune.Methods.Policy.Online;

/// <summary>What online feedback works with.</summary>
public sealed record OnlineContext
{
    /// <summary>Leads the names of questions.</summary>
    public required string Name { get; init; }

    public required Seed Seed { get; init; }

    /// <summary>Rounds of the policy's run.</summary>
    public required long Rounds { get; init; }

    /// <summary>The policy, its prompts and its sampler.</summary>
    public required RolloutContext Rollouts { get; init; }

    /// <summary>The policy's.</summary>
    public required Encoder Encoder { get; init; }

    /// <summary>Whether the policy sees shortened prompts, which are then shown as it sees them.</summary>
    public bool ShortensPrompts { get; init; }

    /// <summary>Who is asked.</summary>
    public required IFeedbackSource Source { get; init; }

    public required IQuestionJournal Journal { get; init; }

    public required IRewardVersions Versions { get; init; }

    public required IRewardFit Fit { get; init; }

    /// <summary>What the policy learns from; takes each new model.</summary>
    public required RefreshedReward Reward { get; init; }

    /// <summary>Shown while something takes long: what is done, how much, of how much.</summary>
    public Action<string, int, int> Report { get; init; } = (_, _, _) => { };

    /// <summary>Takes remarks for the run's report.</summary>
    public Action<string> Note { get; init; } = _ => { };
}
