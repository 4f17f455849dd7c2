using System.Text.Json;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Data.Sources;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>A program that judges answers, wherever it runs.</summary>
internal interface IRewardProgram
{
    /// <summary>One value for each row, in order.</summary>
    /// <exception cref="RewardProgramException">It did not answer, or not as expected.</exception>
    Task<JsonElement[]> JudgeAsync(IReadOnlyList<byte[]> rows, CancellationToken cancel);
}

/// <summary>Why a program gave no rewards: completes "the command ... ".</summary>
internal sealed class RewardProgramException(string message) : Exception(message);

/// <summary>
/// A reward that a program gives: for every answer a number, <c>{"reward": number}</c>, an object of named numbers whose sum is the
/// reward, or null where it has none to give.
/// </summary>
/// <param name="name">For logs: <c>command</c>.</param>
/// <param name="program">Disposed by whoever made it.</param>
/// <param name="encoder">The policy's.</param>
/// <param name="batchSize">Answers given to the program at once.</param>
internal sealed class ProgramReward(string name, IRewardProgram program, Encoder encoder, int batchSize, RewardErrors onError) : IReward
{
    private const string Expected = "expected a number, {\"reward\": number}, an object of named numbers, or null";
    private readonly RewardFailures _failures = new(name, onError);

    public string Name => name;

    public IEnumerable<string> Notes => _failures.Notes;

    public async ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        var scores = new List<Score>(rollouts.Count);
        foreach (var batch in rollouts.Chunk(batchSize))
        {
            _failures.Count(batch.Length);
            var rows = batch.Select(r => ReadAnswer.Of(r, encoder).ToJson()).ToArray();
            try
            {
                var values = await program.JudgeAsync(rows, cancel);
                scores.AddRange(batch.Zip(values, Read));
            }
            catch (RewardProgramException problem)
            {
                scores.AddRange(batch.Select(rollout => _failures.Instead(rollout, problem.Message)));
            }
        }

        return scores;
    }

    private Score Read(Rollout rollout, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                return new Score([]);
            case JsonValueKind.Number when double.IsFinite(value.GetDouble()):
                return Score.Outcome(rollout, value.GetDouble(), name);
            case JsonValueKind.Object:
                return ReadNamed(rollout, value);
            default:
                return _failures.Instead(rollout, $"answered with {ValueDescription.Of(value)}; {Expected}.");
        }
    }

    private Score ReadNamed(Rollout rollout, JsonElement value)
    {
        var numbers = value.EnumerateObject().ToArray();
        foreach (var wrong in numbers.Where(n => n.Value.ValueKind != JsonValueKind.Number || !double.IsFinite(n.Value.GetDouble())))
        {
            return _failures.Instead(rollout, $"answered with {ValueDescription.Of(wrong.Value)} for \"{wrong.Name}\"; {Expected}.");
        }

        if (numbers is [{ Name: "reward" } only])
        {
            return Score.Outcome(rollout, only.Value.GetDouble(), name);
        }

        if (numbers.Length == 0 || numbers.Any(n => n.Name == "reward"))
        {
            return _failures.Instead(
                rollout,
                $"answered with the fields {string.Join(", ", numbers.Select(n => n.Name))}; {Expected}, \"reward\" alone."
            );
        }

        return Score.Outcome(rollout, numbers.Sum(n => n.Value.GetDouble()), name) with
        {
            Parts = [.. numbers.Select(n => new RewardPart($"{name}.{n.Name}", n.Value.GetDouble(), 1))],
        };
    }
}
