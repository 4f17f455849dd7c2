using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>A rule that reads prompt, answer and the columns of the prompt's row. The whole reward lands on the last token.</summary>
/// <param name="encoder">The policy's.</param>
internal sealed class ColumnReward(string name, Encoder encoder, Func<ReadAnswer, double> judge) : IReward
{
    public string Name => name;

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
        ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select(r => Score.Outcome(r, judge(ReadAnswer.Of(r, encoder)), name))]);
}
