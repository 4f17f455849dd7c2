using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;

namespace Attune.Reports.Control;

/// <summary><c>result.json</c> of a run in which agents act: plain numbers, a seed each.</summary>
/// <param name="Kind">ppo, preferences or tamer</param>
/// <param name="Environment">as it was made</param>
/// <param name="Settings">what was given or taken, for readers</param>
/// <param name="Notes">what a reader should know of the figures</param>
public sealed record ControlResult(
    string Kind,
    string Environment,
    string Version,
    string Machine,
    ImmutableSortedDictionary<string, string> Settings,
    ImmutableArray<string> Notes,
    ImmutableArray<ControlSeed> Seeds
)
{
    private const string FileName = "result.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    /// <summary>Median over seeds of the mean return of the test episodes.</summary>
    public double MedianReturn => Core.Statistics.Quantile.Of([.. Seeds.Select(s => s.Returns.Average()).Order()], 0.5);

    public static ControlResult Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            return JsonSerializer.Deserialize<ControlResult>(File.ReadAllText(path), Json) ?? throw new JsonException("it is null");
        }
        catch (Exception problem) when (problem is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} is no result of 'attune control': {problem.Message} Expected the folder of such a run.");
        }
    }

    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), ToJson());

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <param name="Steps">of the environment, in training</param>
/// <param name="Returns">of test episodes: the environment's reward, the likeliest actions, first states apart from training</param>
/// <param name="Curve">over training</param>
/// <param name="Episode">the first test episode</param>
public sealed record ControlSeed(
    ulong Seed,
    long Steps,
    double Seconds,
    ImmutableArray<double> Returns,
    ImmutableArray<ControlPoint> Curve,
    ShownEpisode? Episode
);

/// <summary>A round of training.</summary>
/// <param name="Steps">so far</param>
/// <param name="Return">mean of the episodes that ended; null where none did</param>
/// <param name="Labels">taken in so far</param>
/// <param name="Correlation">of learned and true reward over the round's states</param>
/// <param name="Loss">of the reward network, a label</param>
/// <param name="HeldOutLoss">on labels held out</param>
public sealed record ControlPoint(
    long Steps,
    double? Return,
    double? Labels = null,
    double? Correlation = null,
    double? Loss = null,
    double? HeldOutLoss = null
);

/// <summary>What a page needs to draw an episode or a clip.</summary>
/// <param name="Rate">steps a second</param>
/// <param name="Observations">[step]</param>
/// <param name="Actions">[step]</param>
/// <param name="Rewards">[step]; empty where they are not shown</param>
public sealed record ShownEpisode(
    string Environment,
    double Rate,
    ImmutableArray<ImmutableArray<float>> Observations,
    ImmutableArray<ImmutableArray<float>> Actions,
    ImmutableArray<double> Rewards
)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <exception cref="JsonException">The text is no episode.</exception>
    public static ShownEpisode Parse(string json) =>
        JsonSerializer.Deserialize<ShownEpisode>(json, Json) ?? throw new JsonException("null is no episode.");

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}
