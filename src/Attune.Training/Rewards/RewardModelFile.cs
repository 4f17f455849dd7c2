using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core;
using Attune.Core.Files;

namespace Attune.Training.Rewards;

/// <summary>
/// What stands beside the weights of a reward model: how many members there are and how their rewards become one. Files of versions
/// before units were kept for each member have neither <c>units</c> nor <c>aggregation</c>: they mean what they meant.
/// </summary>
internal sealed record RewardModelFile
{
    private const string Name = "reward_normalization.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    public required int Members { get; init; }
    public required double Shift { get; init; }
    public required double Scale { get; init; }

    /// <summary>-1 for none.</summary>
    public int EndToken { get; init; } = -1;

    /// <summary>One a member; empty where raw rewards are aggregated.</summary>
    public ImmutableArray<RewardUnit> Units { get; init; } = [];

    public RewardAggregation Aggregation { get; init; } = RewardAggregation.Mean;

    public double DisagreementPenalty { get; init; }

    public static bool IsAt(string folder) => File.Exists(Path.Combine(folder, Name));

    public static RewardModelFile Of(RewardModel model) =>
        new()
        {
            Members = model.Members.Count,
            Shift = model.Shift,
            Scale = model.Scale,
            EndToken = model.EndToken ?? -1,
            Units = model.Units,
            Aggregation = model.Aggregation,
            DisagreementPenalty = model.DisagreementPenalty,
        };

    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, Name), JsonSerializer.Serialize(this, Json));

    /// <exception cref="ModelFileException">The file is damaged.</exception>
    public static RewardModelFile Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        try
        {
            var file = JsonSerializer.Deserialize<RewardModelFile>(File.ReadAllText(path), Json);
            return file is not null && file.Problem is null ? file : throw new JsonException(file?.Problem ?? "it is empty");
        }
        catch (JsonException problem)
        {
            throw new ModelFileException(
                $"{path} cannot be read: {problem.Message}. It should hold the numbers members, shift and scale, and for each member a "
                    + "unit, as Attune writes them with a reward model.",
                problem
            );
        }
    }

    private string? Problem =>
        Members is < 1 or > 1000 ? $"members is {Members}, expected 1 to 1000"
        : !(Scale > 0) ? $"scale is {Scale}, expected a positive number"
        : Units.IsDefault || (Units.Length > 0 && Units.Length != Members)
            ? $"there are {Members} members and {(Units.IsDefault ? 0 : Units.Length)} units"
        : Units.Any(u => !(u.Scale > 0)) ? "the scale of a unit is not positive"
        : null;
}
