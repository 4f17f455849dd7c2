using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;

namespace Attune.Training.Tests.Rewards;

/// <summary>Answers as rewards get them.</summary>
internal static class RewardSamples
{
    public static Encoder Encoder { get; } =
        new(BytePairTrainer.Train(["the cat sat on the mat"], 270, new(null, "</s>", null)), ChatTemplates.Plain);

    public static RewardContext Context { get; } =
        new()
        {
            Stage = "grpo",
            Encoder = Encoder,
            Owned = [],
        };

    /// <param name="columns">A JSON object.</param>
    public static Rollout Rollout(string answer, string columns = "{}", string prompt = "the", bool ended = true)
    {
        var asked = new Prompt.Text(prompt);
        return new Rollout(
            ended ? Encoder.Encode(asked, answer) : Encoder.EncodeUnfinished(asked, answer),
            [],
            ended ? StopReason.EndToken : StopReason.Length,
            0
        )
        {
            Columns = JsonSerializer.Deserialize<ImmutableSortedDictionary<string, JsonElement>>(columns)!,
        };
    }

    public static async Task<double[]> TotalsAsync(this RewardTerm term, params Rollout[] rollouts) =>
        [.. (await term.Build(Context).ScoreAsync(rollouts, TestContext.Current.CancellationToken)).Select(s => s.Total)];
}
